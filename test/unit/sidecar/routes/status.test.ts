import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  daemon.isSourceUp = false;
  const time = "2026-11-24T07:59:12.000Z";
  daemon.errors = [{ time, firstTime: time, count: 1, level: "warn", message: "source is down", source: "mail" }];
  app = buildSidecar(daemon);
});

test("without the token it holds no host, no reason and no error", async () => {
  const response = await app.inject("/v1/status");
  expect(response.json()).toMatchObject({ revealed: false, sources: [{ up: false, hostsUp: 0, hostsDown: 2 }] });
  expect(response.body).not.toMatch(/10\.0\.0|refused|recentErrors|source is down/);
});

test("with the token it holds them", async () => {
  const response = await app.inject({ url: "/v1/status", headers: { authorization: `Bearer ${adminToken}` } });
  expect(response.json()).toMatchObject({
    revealed: true,
    sources: [
      {
        reason: "inet:10.0.0.5:3306: connection refused; inet:10.0.0.6:3306: connection refused",
        hosts: [{ endpoint: "inet:10.0.0.5:3306" }, {}],
      },
    ],
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

test("each map has its source, its replies and its stale answers", async () => {
  Object.assign(daemon.metrics.lookup("senders", "socketmap").results, { ok: 5, temp: 2 });
  daemon.metrics.lookup("senders", "tcp_table").results.temp = 1;
  daemon.metrics.lookup("unknown", "socketmap").results.perm = 9;
  daemon.metrics.cache("senders").requests.stale = 4;
  expect((await app.inject("/v1/status")).json().maps).toEqual([
    {
      map: "senders",
      source: "mail",
      lookups: { ok: 5, notfound: 0, temp: 3, timeout: 0, perm: 0 },
      entries: { positive: 1204, negative: 87 },
      staleEntries: 12,
      staleAnswers: 4,
      limits: { positive: 100_000, negative: 20_000 },
      flushed: 0,
    },
  ]);
});

test("a map that was not asked yet is there with zeros", async () => {
  daemon.metrics.retain({ maps: [], sources: [], listeners: [] });
  expect((await app.inject("/v1/status")).json()).toMatchObject({
    maps: [{ map: "senders", lookups: { ok: 0, notfound: 0, temp: 0, timeout: 0, perm: 0 } }],
  });
});

test("a source or listener that has counted nothing yet is there with zeros", async () => {
  daemon.metrics.retain({ maps: ["senders"], sources: [], listeners: [] });
  expect((await app.inject("/v1/status")).json()).toMatchObject({
    listeners: [{ name: "inet:127.0.0.1:9000", connections: 0, connectionsTotal: 0, errors: 0 }, {}],
    sources: [{ name: "mail", queries: { ok: 0, error: 0, timeout: 0 } }],
  });
});

test("messages are open, and whose they were is for the token", async () => {
  const listener = "inet:127.0.0.1:9002";
  Object.assign(daemon.metrics.messages(listener).accept, { owned: 3, unauthenticated: 1 });
  const refusal = { listener, result: "reject", reason: "not_owned", login: "bob", queueId: "4X" } as const;
  daemon.metrics.refusals.add({ ...refusal, place: "From", address: "boss@x" });

  const open = (await app.inject("/v1/status")).json();
  expect(open.messages).toEqual([{ listener, results: { accept: 4, reject: 0, temp: 0, would_reject: 0 } }]);
  expect(open).not.toHaveProperty("refusals");
  const headers = { authorization: `Bearer ${adminToken}` };
  expect((await app.inject({ url: "/v1/status", headers })).json().refusals).toEqual([
    { ...refusal, time: expect.any(String), header: "From", address: "boss@x" },
  ]);
});
