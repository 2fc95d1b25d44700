import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { SidecarServer } from "../../../src/daemon/sidecar-server.ts";
import type { Endpoint } from "../../../src/model/settings.ts";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { FakeDaemon } from "../../support/fakes/fake-daemon.ts";
import { freePort } from "../../support/servers/ports.ts";

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

function sidecar(): SidecarServer {
  const server = new SidecarServer(() => buildSidecar(new FakeDaemon()));
  closing.push(server);
  return server;
}

async function somewhere(): Promise<Endpoint & { kind: "inet" }> {
  return { kind: "inet", host: "127.0.0.1", port: await freePort() };
}

async function isHealthy({ host, port }: Endpoint & { kind: "inet" }): Promise<boolean> {
  return await fetch(`http://${host}:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

test("moves to another endpoint: the new one is open before the old one is closed", async () => {
  const server = sidecar();
  const [old, next] = [await somewhere(), await somewhere()];
  await server.listen(old);
  await server.listen(next);
  expect([await isHealthy(old), await isHealthy(next)]).toEqual([false, true]);
});

test("stays where it is when the other endpoint cannot be had, and says which key asked for it", async () => {
  const server = sidecar();
  const old = await somewhere();
  await server.listen(old);
  const other = createServer().listen(0, "127.0.0.1");
  closing.push(other);
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  await expect(server.listen({ kind: "inet", host: "127.0.0.1", port })).rejects.toThrow(
    `cannot listen on inet:127.0.0.1:${port}: another program listens there (admin.endpoint)`,
  );
  expect(await isHealthy(old)).toBe(true);
});

test("is closed for good: a move that ends after the stop leaves nothing open", async () => {
  const server = sidecar();
  const [old, next] = [await somewhere(), await somewhere()];
  await server.listen(old);
  const moved = server.listen(next);
  await server.close();
  await moved;
  expect([await isHealthy(old), await isHealthy(next)]).toEqual([false, false]);
});
