/**
 * The reference of the milter: what Node costs when a milter accepts everything. Plain JavaScript, so that no loader counts.
 *
 * It takes packets apart by their lengths and looks at nothing but the command: agrees to what loginmapd agrees to, goes on at
 * MAIL, accepts at the end of the header.
 *
 * usage: bare-milter.mjs PORT      prints "ready" when it is bound
 */
import { createServer } from "node:net";

const [negotiate, mail, endOfHeaders] = [0x4f, 0x4d, 0x4e];
// Version 6, no action, the steps that loginmapd asks for.
const agreement = Buffer.from([0, 0, 0, 13, 0x4f, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0x03, 0x9b]);
const goOn = Buffer.from([0, 0, 0, 1, 0x63]);
const accept = Buffer.from([0, 0, 0, 1, 0x61]);

const server = createServer({ noDelay: true }, (socket) => {
  let held = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const length = bytes.readUInt32BE(at);
      if (bytes.length - at < 4 + length) break;
      const command = bytes[at + 4];
      if (command === mail) socket.write(goOn);
      else if (command === endOfHeaders) socket.write(accept);
      else if (command === negotiate) socket.write(agreement);
      at += 4 + length;
    }
    held = bytes.subarray(at);
  });
  socket.on("error", () => socket.destroy());
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 1024 }, () => {
  process.stdout.write("ready\n");
});
