import { mkdtemp, rm, symlink } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Endpoint } from "../../../src/model/settings.ts";
import { fitSockets, type InheritedSocket, inheritedSockets } from "../../../src/system/inherited-sockets.ts";

const servers: net.Server[] = [];
const clients: net.Socket[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

const fdOf = (handle: net.Server | net.Socket) => (handle as unknown as { _handle: { fd: number } })._handle.fd;

async function listen(options: net.ListenOptions): Promise<{ fd: number; port: number; server: net.Server }> {
  const server = net.createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(options, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { fd: fdOf(server), port, server };
}

const passed = (fds = 1) => ({ LISTEN_PID: "42", LISTEN_FDS: String(fds) });
const inet = (host: string, port = 9000): Endpoint => ({ kind: "inet", host, port });
const unix = (path: string): Endpoint => ({ kind: "unix", path });

describe("inheritedSockets", () => {
  test("tells the address of a TCP socket, and what its unit calls it", async () => {
    const { fd, port } = await listen({ host: "127.0.0.1", port: 0 });
    const env = { ...passed(), LISTEN_FDNAMES: "socketmap" };
    expect(inheritedSockets(env, 42, fd)).toEqual({
      sockets: [{ fd, name: "socketmap", endpoint: inet("127.0.0.1", port) }],
      unusable: [],
    });
  });

  test.each([
    ["::1", "::1"],
    ["::", "::"],
    ["0.0.0.0", "0.0.0.0"],
  ])("tells the address %s in the form that the configuration has", async (host, written) => {
    const { fd, port } = await listen({ host, port: 0 });
    expect(inheritedSockets(passed(), 42, fd).sockets).toEqual([
      { fd, name: undefined, endpoint: inet(written, port) },
    ]);
  });

  test("tells the path of a unix socket", async () => {
    const socket = join(await mkdtemp(join(tmpdir(), "loginmapd-systemd-")), "socket");
    const { fd } = await listen({ path: socket });
    expect(inheritedSockets(passed(), 42, fd).sockets).toEqual([{ fd, name: undefined, endpoint: unix(socket) }]);
  });

  test("takes nothing that was passed to another process, and nothing where nothing was passed", async () => {
    const { fd } = await listen({ host: "127.0.0.1", port: 0 });
    for (const [env, pid] of [[passed(), 43] as const, [{ LISTEN_PID: "42" }, 42] as const, [{}, 42] as const])
      expect(inheritedSockets(env, pid, fd)).toEqual({ sockets: [], unusable: [] });
  });

  test("names what is no listening socket: another file, a connection, a file that is not there", async () => {
    // Standard input of a test is a pipe, a file or a terminal.
    expect(inheritedSockets({ ...passed(), LISTEN_FDNAMES: "x" }, 42, 0)).toEqual({
      sockets: [],
      unusable: [{ fd: 0, name: "x" }],
    });
    expect(inheritedSockets(passed(2), 42, 1_000_000).unusable.map(({ fd }) => fd)).toEqual([1_000_000, 1_000_001]);
    const folder = await mkdtemp(join(tmpdir(), "loginmapd-systemd-"));
    for (const where of [{ host: "127.0.0.1", port: 0 }, { path: join(folder, "socket") }]) {
      const { server, port } = await listen(where);
      const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
      clients.push("path" in where ? net.connect(where.path) : net.connect(port, "127.0.0.1"));
      const connection = await accepted;
      clients.push(connection);
      expect(inheritedSockets(passed(), 42, fdOf(connection)).sockets).toEqual([]);
    }
    await rm(folder, { recursive: true });
  });
});

describe("fitSockets", () => {
  const socketsAt = (...endpoints: Endpoint[]): InheritedSocket[] =>
    endpoints.map((endpoint, i) => ({ fd: 3 + i, name: undefined, endpoint }));

  /** By listener: the descriptor that serves it, with a plus sign when it is open to more. */
  async function servedBy(listeners: Endpoint[], bound: Endpoint[]): Promise<(string | undefined)[]> {
    const fits = await fitSockets(listeners, socketsAt(...bound));
    return listeners.map((listener) => {
      const found = fits.find(({ endpoint }) => endpoint === listener);
      return found && `${found.socket.fd}${found.isWider ? "+" : ""}`;
    });
  }

  test.each<[rule: string, listeners: Endpoint[], bound: Endpoint[], expected: (string | undefined)[]]>([
    ["the same address", [inet("127.0.0.1"), inet("::1")], [inet("::1"), inet("127.0.0.1")], ["4", "3"]],
    ["another port is another endpoint", [inet("127.0.0.1", 9001)], [inet("127.0.0.1"), inet("::")], [undefined]],
    ["another address is another endpoint", [inet("127.0.0.1")], [inet("127.0.0.2")], [undefined]],
    ["localhost is 127.0.0.1", [inet("localhost")], [inet("127.0.0.1")], ["3"]],
    ["ListenStream=9000 serves an IPv4 listener", [inet("127.0.0.1")], [inet("::")], ["3+"]],
    ["ListenStream=9000 serves an IPv6 listener", [inet("::1")], [inet("::")], ["3+"]],
    ["ListenStream=9000 serves a listener on every IPv4 address", [inet("0.0.0.0")], [inet("::")], ["3+"]],
    ["0.0.0.0 serves IPv4 only", [inet("::1"), inet("127.0.0.1")], [inet("0.0.0.0")], [undefined, "3+"]],
    ["the exact address comes before every address", [inet("127.0.0.1")], [inet("::"), inet("127.0.0.1")], ["4"]],
    ["every address of the same kind comes first", [inet("127.0.0.1")], [inet("::"), inet("0.0.0.0")], ["4+"]],
    ["a socket serves one listener", [inet("::1"), inet("::2")], [inet("::")], ["3+", undefined]],
    ["a path is no port", [unix("/run/x"), inet("127.0.0.1")], [unix("/run/x"), unix("/run/y")], ["3", undefined]],
    ["a host that does not exist fits nothing", [inet("no-such-host.invalid")], [inet("127.0.0.1")], [undefined]],
  ])("%s", async (_rule, listeners, bound, expected) => {
    expect(await servedBy(listeners, bound)).toEqual(expected);
  });

  test("a path through a symbolic link is the same path", async () => {
    const folder = await mkdtemp(join(tmpdir(), "loginmapd-systemd-"));
    const link = `${folder}-link`;
    await symlink(folder, link);
    expect(await servedBy([unix(`${link}/socket`)], [unix(`${folder}/socket`)])).toEqual(["3"]);
    expect(await servedBy([unix(`${folder}/socket`)], [unix(`${link}/socket`)])).toEqual(["3"]);
    expect(await servedBy([unix(`${folder}/socket`)], [unix(`${link}/other`)])).toEqual([undefined]);
    await rm(link);
  });
});
