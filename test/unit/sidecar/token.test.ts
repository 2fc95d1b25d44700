import type { FastifyInstance } from "fastify";
import { beforeEach, describe, expect, test } from "vitest";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
});

const guarded = [
  { method: "GET", url: "/v1/cache" },
  { method: "HEAD", url: "/v1/cache" },
  { method: "GET", url: "/v1/lookup?address=alice@example.com" },
  { method: "POST", url: "/v1/cache/flush", payload: { all: true } },
] as const;

describe.each(guarded)("$method $url", (request) => {
  test("opens to the token", async () => {
    const response = await app.inject({ ...request, headers: { authorization: `Bearer ${adminToken}` } });
    expect(response.statusCode).toBe(200);
  });

  test.each([[`bearer ${adminToken}`], [`Bearer   ${adminToken}`]])("takes %s too", async (authorization) => {
    expect((await app.inject({ ...request, headers: { authorization } })).statusCode).toBe(200);
  });

  test("stays shut without a token, and says what to send", async () => {
    const response = await app.inject(request);
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toBe('Bearer realm="loginmapd"');
    expect(daemon.flushes).toEqual([]);
    expect(daemon.explained).toEqual([]);
  });

  test.each([
    ["another token", "Bearer wrong"],
    ["the beginning of the token", `Bearer ${adminToken.slice(0, -1)}`],
    ["the token and more", `Bearer ${adminToken}x`],
    ["the token in another case", `Bearer ${adminToken.toUpperCase()}`],
    ["an empty token", "Bearer "],
    ["the token in another scheme", `Basic ${adminToken}`],
    ["the bare token", adminToken],
  ])("stays shut to %s", async (_, authorization) => {
    const response = await app.inject({ ...request, headers: { authorization } });
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toBe('Bearer realm="loginmapd", error="invalid_token"');
    expect(daemon.flushes).toEqual([]);
    expect(daemon.explained).toEqual([]);
  });

  test.each([
    ["any token", { authorization: `Bearer ${adminToken}` }],
    ["the word undefined", { authorization: "Bearer undefined" }],
    ["an empty token", { authorization: "Bearer " }],
    ["no token", {}],
  ])("is locked to %s when none is configured", async (_, headers) => {
    daemon.configuredToken = undefined;
    const response = await app.inject({ ...request, headers });
    expect(response.statusCode).toBe(403);
    expect(daemon.flushes).toEqual([]);
    expect(daemon.explained).toEqual([]);
  });
});

test("the token is asked for before the body is read", async () => {
  const headers = { "content-type": "application/json" };
  const response = await app.inject({ method: "POST", url: "/v1/cache/flush", headers, payload: "x".repeat(100_000) });
  expect(response.statusCode).toBe(401);
});

test("a reload changes the token at once", async () => {
  daemon.configuredToken = "new";
  const ask = (token: string) => app.inject({ url: "/v1/cache", headers: { authorization: `Bearer ${token}` } });
  expect((await ask(adminToken)).statusCode).toBe(401);
  expect((await ask("new")).statusCode).toBe(200);
});

test("a wrong token is logged, but not what it was", async () => {
  await app.inject({ url: "/v1/cache", headers: { authorization: "Bearer guess" } });
  expect(daemon.log.lines).toEqual([
    { level: "warn", message: "admin request with a wrong token", fields: { path: "/v1/cache" } },
  ]);
});
