import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
});

function addresses(query: string, token = adminToken) {
  return app.inject({ url: `/v1/addresses${query}`, headers: { authorization: `Bearer ${token}` } });
}

test("lists what a login may send as, with the reason of each", async () => {
  const response = await addresses("?login=alice@example.com&domain=example.com&map=senders");
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    map: "senders",
    isComplete: true,
    addresses: [
      { key: "alice@example.com", login: "alice@example.com", kind: "address" },
      { key: "@example.com", login: "alice@example.com", kind: "catch-all" },
    ],
  });
  expect(daemon.lists).toEqual([{ login: "alice@example.com", domain: "example.com", map: "senders" }]);
});

test("names the source where the map has several", async () => {
  const one = { key: "sales@example.com", login: "alice@example.com", kind: "alias", source: "grants" } as const;
  daemon.listing = () => ({ map: "senders", isComplete: true, addresses: [one] });
  expect((await addresses("")).json().addresses).toEqual([one]);
});

test("without parameters it lists everybody of the default map", async () => {
  expect((await addresses("")).statusCode).toBe(200);
  expect(daemon.lists).toEqual([{}]);
});

test("nobody sees it without the token", async () => {
  expect((await addresses("", "wrong")).statusCode).toBe(401);
  expect(daemon.lists).toEqual([]);
});

test("a source that cannot be listed is 503, and its words stay in the log", async () => {
  daemon.listing = () => {
    throw new SourceError("ERR_SOURCE_UNAVAILABLE", "no database host: inet:db:3306: refused");
  };
  const response = await addresses("");
  expect(response.statusCode).toBe(503);
  expect(response.json()).toEqual({
    statusCode: 503,
    code: "ERR_HTTP_SOURCE",
    message: "the source could not be listed (ERR_SOURCE_UNAVAILABLE)",
  });
});

test("a map that is not there is 404", async () => {
  expect((await addresses("?map=recipients")).statusCode).toBe(404);
});
