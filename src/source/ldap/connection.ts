/** Opens connections to LDAP servers: address, TLS, bind. */
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { LdapBind, LdapServer } from "../../model/settings.ts";
import type { HostNames } from "../../system/host-names.ts";
import { dial, openWithin } from "../pool/socket-session.ts";
import type { Certificates } from "../pool/tls.ts";
import { type OpenTimes, SessionError } from "../session.ts";
import { resultCode, toLdapError } from "./errors.ts";
import { Exchange, type Ldapts } from "./exchange.ts";

/** What all connections of a source have in common. */
export interface LdapLogin {
  /** `undefined` = nobody in particular: no bind is sent. */
  readonly bind: LdapBind | undefined;
  /** Not used on unix sockets, which nobody can listen in on. */
  readonly startTls: boolean;
  /** How certificates are checked, for `ldaps:` and StartTLS. */
  readonly tls: Certificates;
  /** The entry that a session looks at for a sign of life; empty = the root DSE, which every server has. */
  readonly sampleBase: string;
  /** The server ends a search that runs longer, in whole seconds; a little later the session is destroyed. */
  readonly queryTimeoutMs: number;
  readonly names: HostNames;
}

/** A connection that is logged in, what writes its messages, and the socket below it, which alone can be closed at once. */
export interface OpenConnection {
  readonly ldapts: Ldapts;
  readonly exchange: Exchange;
  readonly socket: Socket;
}

/** The extended operation that begins TLS (RFC 4511, section 4.14). */
const startTlsOid = "1.3.6.1.4.1.1466.20037";

/**
 * Connects and binds, or makes sure that somebody answers; nothing is left open when it rejects.
 *
 * @throws {LdapError} when the server turned us away, else whatever Node or TLS said
 */
export async function openConnection(server: LdapServer, login: LdapLogin, times: OpenTimes): Promise<OpenConnection> {
  // Loaded with the first connection: a daemon without a directory, and every short command, start without it.
  const ldapts = await import("ldapts");
  const { endpoint, isTls } = server;
  const socket = dial(endpoint, login.names, times);
  return openWithin<OpenConnection>(socket, times, (resolve, reject) => {
    socket.once("error", reject);
    const logIn = async (): Promise<OpenConnection> => {
      await new Promise<void>((connected) => socket.once("connect", connected));
      let exchange = new Exchange(ldapts, isTls ? await secure(socket, server, login.tls) : socket, reject);
      if (login.startTls && !isTls && endpoint.kind === "inet") {
        await askForTls(ldapts, exchange);
        exchange = new Exchange(ldapts, await secure(socket, server, login.tls), reject);
      }
      if (login.bind === undefined) await awaitSignOfLife(ldapts, exchange);
      else await bind(ldapts, exchange, login.bind);
      return { ldapts, exchange, socket };
    };
    logIn().then(resolve, reject);
  });
}

async function askForTls({ ExtendedRequest }: Ldapts, exchange: Exchange): Promise<void> {
  const { status, words } = await exchange.request((messageId) => new ExtendedRequest({ messageId, oid: startTlsOid }));
  exchange.release();
  if (status !== resultCode.success) throw toLdapError(status, words);
}

/** A server that hangs accepts connections, and says nothing until it is asked: without a bind the root DSE is asked for. */
async function awaitSignOfLife({ PresenceFilter, SearchRequest }: Ldapts, exchange: Exchange): Promise<void> {
  const filter = new PresenceFilter({ attribute: "objectClass" });
  await exchange.request(
    (messageId) => new SearchRequest({ messageId, baseDN: "", scope: "base", filter, attributes: ["1.1"] }),
  );
}

async function bind({ BindRequest }: Ldapts, exchange: Exchange, { dn, password }: LdapBind): Promise<void> {
  const { status, words } = await exchange.request((messageId) => new BindRequest({ messageId, dn, password }));
  if (status !== resultCode.success) throw toLdapError(status, words);
}

/** Puts TLS over a socket that is connected. */
function secure(socket: Socket, { endpoint }: LdapServer, tls: Certificates): Promise<TLSSocket> {
  const host = endpoint.kind === "inet" ? endpoint.host : "localhost";
  const { ca, cert, key, verify } = tls;
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: verify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    secured.once("secureConnect", () => {
      secured.removeListener("error", reject);
      resolve(secured);
    });
    secured.once("error", reject);
    secured.once("close", () => reject(new SessionError("connection", "connection closed while TLS began")));
  });
}
