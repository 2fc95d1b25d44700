import type { FastifyInstance } from "fastify";
import { beforeEach, describe, expect, test } from "vitest";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
});

function flush(payload: object) {
  const headers = { authorization: `Bearer ${adminToken}` };
  return app.inject({ method: "POST", url: "/v1/cache/flush", headers, payload });
}

test.each([
  [{ address: "Alice@example.com" }, { kind: "address", address: "Alice@example.com" }, undefined],
  [{ domain: "example.com" }, { kind: "domain", domain: "example.com" }, undefined],
  [{ login: "alice", map: "senders" }, { kind: "login", login: "alice" }, "senders"],
  [{ all: true }, { kind: "all" }, undefined],
])("%j flushes just that", async (payload, selector, map) => {
  const response = await flush(payload);
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ flushed: 3 });
  expect(daemon.flushes).toEqual([{ selector, map }]);
});

describe("a flush without exactly one selector of the right kind flushes nothing", () => {
  test.each([
    [{}, "give exactly one of address, domain, login and all"],
    [{ map: "senders" }, "give exactly one of address, domain, login and all"],
    [{ address: "a@example.com", domain: "example.com" }, "give exactly one of address, domain, login and all"],
    [{ login: "alice", all: true }, "give exactly one of address, domain, login and all"],
    [{ adress: "a@example.com" }, "give exactly one of address, domain, login and all"],
    [{ all: true, everything: true }, 'body: there is no parameter "everything"'],
    [{ all: false }, "body.all: must be equal to one of the allowed values"],
    [{ all: "true" }, "body.all: must be boolean"],
    [{ login: "" }, "body.login: must NOT have fewer than 1 characters"],
    [{ login: 7 }, "body.login: must be string"],
    [{ login: null }, "body.login: must be string"],
    [{ address: "x".repeat(1001) }, "body.address: must NOT have more than 1000 characters"],
    [["all"], "give exactly one of address, domain, login and all"],
  ])("%j", async (payload, message) => {
    const response = await flush(payload);
    expect(response.json()).toEqual({ statusCode: 400, code: "ERR_HTTP_BAD_REQUEST", message });
    expect(daemon.flushes).toEqual([]);
  });
});

test("a flush of a map that does not exist is no flush of all maps", async () => {
  const response = await flush({ all: true, map: "recipients" });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ code: "ERR_HTTP_UNKNOWN_MAP" });
  expect(daemon.flushes).toEqual([]);
});

test("a flush is logged with its kind and count, but not with the address or login", async () => {
  await flush({ login: "alice@example.com" });
  expect(daemon.log.lines).toEqual([
    {
      level: "info",
      message: "cache flushed by the admin API",
      fields: { selector: "login", map: undefined, flushed: 3 },
    },
  ]);
});
