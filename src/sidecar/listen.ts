/** Opens the sidecar where the configuration says. */
import { chmod, lstat, unlink } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Endpoint } from "../model/settings.ts";

// Whoever may speak to the socket may read the numbers; what needs the token needs it here too.
const socketMode = 0o660;

/**
 * Listens on `admin.endpoint`.
 *
 * A unix socket that nobody listens on any more is replaced; one that somebody does is left alone.
 *
 * @returns where it listens: with port 0, the port that the kernel chose
 * @throws the error of the system, EADDRINUSE when somebody else listens there
 */
export async function listenSidecar(app: FastifyInstance, endpoint: Endpoint): Promise<Endpoint> {
  if (endpoint.kind === "unix") {
    await removeStaleSocket(endpoint.path);
    await app.listen({ path: endpoint.path });
    await chmod(endpoint.path, socketMode);
    return endpoint;
  }
  await app.listen({ host: endpoint.host, port: endpoint.port });
  const { port } = app.server.address() as AddressInfo;
  return { ...endpoint, port };
}

async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  // Anything but a socket is somebody's file: binding will say EADDRINUSE.
  if (stats?.isSocket() && !(await isAnswered(path))) await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // ECONNREFUSED: nobody listens. Anything else (EACCES, EAGAIN of a full queue) is no licence to remove it.
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}
