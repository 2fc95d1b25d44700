/**
 * Bounds the connections of the sidecar without locking anybody out: the one that idles longest makes way.
 *
 * With a plain cap, whoever opens that many connections and says nothing keeps Prometheus, probes and a flush away.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Has at most `maxConnections` open at a time. One that is in the middle of a request never makes way. */
export function makeRoom(server: Server, maxConnections: number): void {
  const open = new Set<Socket>();
  /** Those without a request, in the order in which they became idle. */
  const idle = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    if (open.size >= maxConnections) {
      const [longest = socket] = idle;
      forget(longest);
      longest.destroy();
      if (longest === socket) return;
    }
    open.add(socket);
    idle.add(socket);
    socket.once("close", () => forget(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, reply: ServerResponse) => {
    idle.delete(socket);
    reply.once("close", () => {
      if (open.has(socket)) idle.add(socket);
    });
  });
  const forget = (socket: Socket): void => {
    open.delete(socket);
    idle.delete(socket);
  };
}
