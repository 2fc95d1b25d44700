/**
 * The reference: what Node costs when a server does nothing but answer. Plain JavaScript, so that no loader counts.
 *
 * `net.createServer` with a listener for `data` events, one constant latin1 string written per event. It parses nothing
 * and looks nothing up, so it answers right only to clients with one query in flight, as Postfix has.
 *
 * usage: bare-node.mjs REPLY (PATH|PORT) [REPLY (PATH|PORT)] …      prints "ready" when all are bound
 */
import { createServer } from "node:net";

const [, , ...words] = process.argv;
let unbound = words.length / 2;
for (let i = 0; i < words.length; i += 2) {
  const [reply, place] = [words[i], words[i + 1]];
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", () => socket.write(reply, "latin1"));
    socket.on("error", () => socket.destroy());
  });
  const where = place.startsWith("/") ? { path: place } : { host: "127.0.0.1", port: Number(place) };
  server.listen({ ...where, backlog: 1024 }, () => {
    if (--unbound === 0) process.stdout.write("ready\n");
  });
}
