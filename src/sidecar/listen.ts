/** Opens the sidecar where the configuration says. */
import type { AddressInfo, Server } from "node:net";
import type { FastifyInstance } from "fastify";
import { type Endpoint, formatEndpoint } from "../model/settings.ts";
import { ListenError, listenReason } from "../system/errno.ts";
import { bindUnixSocket, removeStaleSocket } from "../system/unix-socket.ts";

// Whoever may speak to the socket may read the numbers; what needs the token needs it here too.
const socketMode = 0o660;

/**
 * Listens on `admin.endpoint`.
 *
 * A unix socket that nobody listens on any more is replaced; one that somebody does is left alone. Nobody but its owner and
 * group can connect to it at any moment.
 *
 * @returns where it listens: with port 0, the port that the kernel chose
 * @throws {ListenError} when the endpoint cannot be had
 */
export async function listenSidecar(app: FastifyInstance, endpoint: Endpoint): Promise<Endpoint> {
  try {
    return endpoint.kind === "unix" ? await listenOnSocket(app, endpoint) : await listenOnPort(app, endpoint);
  } catch (error) {
    if (error instanceof ListenError) throw error;
    throw new ListenError(formatEndpoint(endpoint), listenReason(error), { cause: error });
  }
}

async function listenOnPort(app: FastifyInstance, { host, port }: Endpoint & { kind: "inet" }): Promise<Endpoint> {
  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  return { kind: "inet", host, port: bound.port };
}

async function listenOnSocket(app: FastifyInstance, endpoint: Endpoint & { kind: "unix" }): Promise<Endpoint> {
  const { path } = endpoint;
  await removeStaleSocket(path);
  // Fastify binds in its own time; the umask must be ours at just that moment, and nobody else's before or after.
  const server: Server = app.server;
  const listen = server.listen.bind(server) as (...args: unknown[]) => Server;
  server.listen = (...args: unknown[]) => {
    bindUnixSocket(path, socketMode, undefined, () => listen(...args));
    return server;
  };
  await app.listen({ path });
  return endpoint;
}
