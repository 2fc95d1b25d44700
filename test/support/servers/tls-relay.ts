/** A plain port in front of a TLS one, so that the SMTP client of the tests needs to know nothing of TLS. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

/** A relay to one port. */
export interface TlsRelay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Opens a relay to a port of 127.0.0.1.
 *
 * @param mode `implicit`: TLS from the first byte (RFC 8314). `starttls`: SMTP's STARTTLS (RFC 3207) first; the client is
 *   given the banner of the session before it, since none follows the handshake.
 */
export async function openTlsRelay(target: number, mode: "implicit" | "starttls"): Promise<TlsRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => {});
    const opened = mode === "implicit" ? openImplicit(target) : openStartTls(target, client);
    opened.then(
      (secure) => {
        sockets.add(secure);
        secure.on("error", () => client.destroy());
        client.on("close", () => secure.destroy());
        secure.pipe(client);
        client.pipe(secure);
      },
      (error: Error) => client.destroy(error),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// The certificate is made for the test; that it is checked is not what these tests are about.
const unchecked = { rejectUnauthorized: false };

async function openImplicit(port: number): Promise<TLSSocket> {
  const secure = connectTls({ port, host: "127.0.0.1", ...unchecked });
  await once(secure, "secureConnect");
  return secure;
}

async function openStartTls(port: number, client: Socket): Promise<TLSSocket> {
  const plain = connect(port, "127.0.0.1");
  const [banner] = await once(plain, "data");
  await exchange(plain, "EHLO relay.example", "250");
  await exchange(plain, "STARTTLS", "220");
  const secure = connectTls({ socket: plain, ...unchecked });
  await once(secure, "secureConnect");
  client.write(banner);
  return secure;
}

async function exchange(socket: Socket, command: string, code: string): Promise<void> {
  socket.write(`${command}\r\n`);
  const [reply] = await once(socket, "data");
  if (!String(reply).startsWith(code)) throw new Error(`${command}: ${reply}`);
}
