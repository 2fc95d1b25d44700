import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
});

test("/healthz is 200 whatever the sources do", async () => {
  daemon.isReady = false;
  daemon.isSourceUp = false;
  const response = await app.inject("/healthz");
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ status: "ok" });
});

test("/readyz is 200 while a source is down and its stale answers are served", async () => {
  daemon.isSourceUp = false;
  daemon.isServingStale = true;
  const response = await app.inject("/readyz");
  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject({ ready: true, sources: [{ name: "mail", up: false, servingStale: true }] });
});

test("/readyz is 503 and names every cause", async () => {
  daemon.isReady = false;
  daemon.isSourceUp = false;
  daemon.areListenersBound = false;
  const response = await app.inject("/readyz");
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({
    statusCode: 503,
    code: "ERR_HTTP_NOT_READY",
    message:
      "listener inet:127.0.0.1:9000 is not bound; listener inet:127.0.0.1:9001 is not bound; " +
      "source mail is down: inet:10.0.0.5:3306: connection refused; inet:10.0.0.6:3306: connection refused",
    ready: false,
  });
});

test("/readyz is 503 while draining, though everything is up", async () => {
  daemon.isReady = false;
  const response = await app.inject("/readyz");
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({ message: "draining", ready: false });
});

test.each(["/healthz", "/readyz", "/metrics"])("HEAD %s answers as GET does, without a body", async (url) => {
  const response = await app.inject({ method: "HEAD", url });
  expect(response.statusCode).toBe(200);
  expect(response.body).toBe("");
});

test("/metrics answers in the text format of Prometheus", async () => {
  const response = await app.inject("/metrics");
  expect(response.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(response.body).toContain('loginmapd_build_info{version="0.1.0",node="v20.20.2"} 1\n');
});
