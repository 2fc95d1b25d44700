/** Free TCP ports on the loopback interface. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** Finds `count` different free ports of 127.0.0.1; all are held until all are known, so none comes twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Finds one free port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Tells whether something accepts connections at a port of 127.0.0.1 or at a unix socket. */
export async function isListening(where: number | string): Promise<boolean> {
  const socket = typeof where === "number" ? connect(where, "127.0.0.1") : connect(where);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
