/** Free TCP ports on the loopback interface. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";

// Below the ports that the kernel gives to clients (ip_local_port_range, from 32768): one that is free now is not taken by the next
// connection that any test makes, before its server listens there.
const firstPort = 12_000;
const portCount = 20_000;

/** Finds `count` different free ports of 127.0.0.1; all are held until all are known, so none comes twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, holdSomePort));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function holdSomePort(): Promise<Server> {
  for (;;) {
    const server = createServer().listen(firstPort + Math.floor(Math.random() * portCount), "127.0.0.1");
    try {
      await once(server, "listening");
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
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
