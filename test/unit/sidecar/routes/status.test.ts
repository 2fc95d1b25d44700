import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../../support/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  daemon.isSourceUp = false;
  daemon.errors = [{ time: "2026-11-24T07:59:12.000Z", level: "warn", message: "source is down", source: "mail" }];
  app = buildSidecar(daemon);
});

test("without the token it holds no host, no reason and no error", async () => {
  const response = await app.inject("/v1/status");
  expect(response.json()).toMatchObject({ revealed: false, sources: [{ up: false, hostsUp: 0, hostsDown: 2 }] });
  expect(response.body).not.toMatch(/10\.0\.0|ECONNREFUSED|recentErrors|source is down/);
});

test("with the token it holds them", async () => {
  const response = await app.inject({ url: "/v1/status", headers: { authorization: `Bearer ${adminToken}` } });
  expect(response.json()).toMatchObject({
    revealed: true,
    sources: [{ reason: "connect ECONNREFUSED 10.0.0.5:3306", hosts: [{ endpoint: "inet:10.0.0.5:3306" }, {}] }],
    recentErrors: [{ message: "source is down" }],
  });
});

test("with a wrong token it says so, rather than showing less", async () => {
  const response = await app.inject({ url: "/v1/status", headers: { authorization: "Bearer wrong" } });
  expect(response.json()).toMatchObject({ statusCode: 401, code: "ERR_HTTP_WRONG_TOKEN" });
});

test("without a configured token it reveals nothing, whatever is sent", async () => {
  daemon.configuredToken = undefined;
  const response = await app.inject({ url: "/v1/status", headers: { authorization: "Bearer undefined" } });
  expect(response.json()).toMatchObject({ tokenConfigured: false, revealed: false });
  expect(response.body).not.toContain("10.0.0");
});

test("a source or listener that has counted nothing yet is there with zeros", async () => {
  daemon.metrics.retain({ maps: ["senders"], sources: [], listeners: [] });
  expect((await app.inject("/v1/status")).json()).toMatchObject({
    listeners: [{ name: "socketmap inet:127.0.0.1:9000", connections: 0, connectionsTotal: 0, errors: 0 }, {}],
    sources: [{ name: "mail", queries: { ok: 0, error: 0, timeout: 0 } }],
  });
});
