import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { listenSidecar } from "../../../src/sidecar/listen.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { FakeDaemon } from "../../support/fakes/fake-daemon.ts";

let app: FastifyInstance;
let directory: TestDirectory;

beforeEach(async () => {
  app = buildSidecar(new FakeDaemon());
  directory = await makeDirectory("sidecar");
});

afterEach(async () => {
  await app.close();
  await directory.remove();
});

test.each(["127.0.0.1", "::1"])("listens on %s and says which port it got", async (host) => {
  const endpoint = await listenSidecar(app, { kind: "inet", host, port: 0 });
  if (endpoint.kind !== "inet") throw new Error("not inet");
  expect(endpoint.host).toBe(host);
  expect(endpoint.port).toBeGreaterThan(1023);
  const response = await fetch(`http://${host === "::1" ? "[::1]" : host}:${endpoint.port}/healthz`);
  expect(await response.json()).toEqual({ status: "ok" });
});

test("does not take a port that somebody else has", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  await expect(listenSidecar(app, { kind: "inet", host: "127.0.0.1", port })).rejects.toMatchObject({
    reason: "another program listens there",
  });
  other.close();
});

describe("a unix socket", () => {
  const listen = (path: string) => listenSidecar(app, { kind: "unix", path });

  test("is open to its owner and group, and gone after the end", async () => {
    const path = join(directory.path, "admin");
    expect(await listen(path)).toEqual({ kind: "unix", path });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await statusOver(path)).toBe(200);
    await app.close();
    expect(existsSync(path)).toBe(false);
  });

  test("is never open to others, not even between its binding and its mode", async () => {
    const path = join(directory.path, "admin");
    const modes: number[] = [];
    const bound = app.server.listen.bind(app.server) as (...args: unknown[]) => typeof app.server;
    app.server.listen = (...args: unknown[]) => {
      bound(...args);
      modes.push(statSync(path).mode & 0o777);
      return app.server;
    };
    await listen(path);
    expect(modes).toEqual([0o600]);
  });

  test("that a killed daemon left behind is replaced", async () => {
    const path = join(directory.path, "admin");
    leaveSocket(path);
    expect(statSync(path).isSocket()).toBe(true);
    await listen(path);
    expect(await statusOver(path)).toBe(200);
  });

  test("that another process answers is left alone", async () => {
    const path = join(directory.path, "admin");
    const other = createServer((socket) => socket.destroy()).listen(path);
    await once(other, "listening");
    await expect(listen(path)).rejects.toMatchObject({ reason: "another server listens there; stop it first" });
    expect(existsSync(path)).toBe(true);
    other.close();
  });

  test("takes the place of no file", async () => {
    const path = join(directory.path, "admin");
    writeFileSync(path, "precious");
    await expect(listen(path)).rejects.toMatchObject({ reason: "a file that is no socket has this name; remove it" });
    expect(existsSync(path)).toBe(true);
  });
});

/** What is left of a socket whose process was killed: a listening socket closed without being unlinked. */
function leaveSocket(path: string): void {
  const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  expect(() => execFileSync(process.execPath, ["-e", script, path])).toThrow("SIGKILL");
}

async function statusOver(socketPath: string): Promise<number | undefined> {
  const [response] = await once(request({ socketPath, path: "/healthz" }).end(), "response");
  response.resume();
  return response.statusCode;
}
