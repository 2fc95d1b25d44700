/** Asks Dovecot's auth socket which SASL mechanisms it has, as Postfix does when smtpd starts. */
import type { Endpoint } from "../../model/settings.ts";
import { connectTo } from "../../system/connect.ts";

// A handshake on the same machine; Postfix itself waits 10 s (AUTH_TIMEOUT, xsasl_dovecot_server.c).
const timeoutMs = 10_000;

/**
 * Reads the names of the mechanisms, in upper case.
 *
 * @throws the error of the socket, or one that says what came in place of the handshake
 * @see Dovecot's Authentication Protocol v1, "Server Handshake": VERSION, MECH..., DONE
 */
export function readMechanisms(endpoint: Endpoint): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(endpoint);
    let received = "";
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error("no handshake in 10 s")));
    socket.on("error", fail);
    socket.on("close", () => reject(new Error("the connection was closed before the handshake was over")));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (!/^DONE$/m.test(received)) return;
      socket.destroy();
      resolve(Array.from(received.matchAll(/^MECH\t([^\t\n]+)/gm), ([, name = ""]) => name.toUpperCase()));
    });
    // Dovecot 2.4 tells the mechanisms after it knows the client's version.
    socket.write(`VERSION\t1\t1\nCPID\t${process.pid}\n`);
  });
}
