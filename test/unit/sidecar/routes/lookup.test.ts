import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { adminToken, aliceExplained, FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
});

function lookup(query: string) {
  return app.inject({ url: `/v1/lookup?${query}`, headers: { authorization: `Bearer ${adminToken}` } });
}

test.each([
  ["address=alice@example.com", { address: "alice@example.com", login: undefined, map: undefined }],
  ["address=alice%2Btag@example.com&login=bob", { address: "alice+tag@example.com", login: "bob", map: undefined }],
  ["address=a@b&login=", { address: "a@b", login: null, map: undefined }],
  ["address=a@b&login=&map=", { address: "a@b", login: null, map: undefined }],
  ["address=no-address-at-all&map=senders", { address: "no-address-at-all", login: undefined, map: "senders" }],
  ["address=%22two+words%22@example.com", { address: '"two words"@example.com', login: undefined, map: undefined }],
])("?%s asks for %j", async (query, asked) => {
  const response = await lookup(query);
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual(aliceExplained);
  expect(daemon.explained).toEqual([asked]);
});

test.each([
  ["", "querystring: must have required property 'address'"],
  ["login=bob", "querystring: must have required property 'address'"],
  ["address=", "querystring.address: must NOT have fewer than 1 characters"],
  ["address=a&address=b", "querystring.address: must be string"],
  ["address=a&adress=b", 'querystring: there is no parameter "adress"'],
  [`address=${"x".repeat(1001)}`, "querystring.address: must NOT have more than 1000 characters"],
])("?%s is refused", async (query, message) => {
  const response = await lookup(query);
  expect(response.json()).toEqual({ statusCode: 400, code: "ERR_HTTP_BAD_REQUEST", message });
  expect(daemon.explained).toEqual([]);
});

test("a failed lookup is explained like any other", async () => {
  daemon.explanation = () => ({ outcome: "temp", reason: "source unavailable", owners: [], asks: [] });
  const response = await lookup("address=alice@example.com");
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ outcome: "temp", reason: "source unavailable", owners: [], asks: [] });
});

test("a source that gives no explanation is 503 with its code, without its message", async () => {
  daemon.explanation = () => Promise.reject(new SourceError("ERR_SOURCE_UNAVAILABLE", "10.0.0.5 refused"));
  const response = await lookup("address=alice@example.com");
  expect(response.json()).toEqual({
    statusCode: 503,
    code: "ERR_HTTP_SOURCE",
    message: "the source gave no answer (ERR_SOURCE_UNAVAILABLE)",
  });
});
