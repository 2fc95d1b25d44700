/** Opens connections to MySQL and MariaDB with mysql2: addresses, TLS, time limits, and what is switched off. */
import type { Socket } from "node:net";
import type { Connection, ConnectionOptions } from "mysql2";
import type { Endpoint } from "../../model/settings.ts";
import type { HostNames } from "../../system/host-names.ts";
import { dial, openWithin } from "../pool/socket-session.ts";
import type { Certificates } from "../pool/tls.ts";
import type { OpenTimes } from "../session.ts";
import { pinSessionState } from "./session-state.ts";

/** What all connections of a source have in common. */
export interface MysqlLogin {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Character set of the connection; `undefined` = utf8mb4. */
  readonly charset: string | undefined;
  /** Not used on unix sockets, which nobody can listen in on. */
  readonly tls: Certificates | undefined;
  /** The key that passwords may be encrypted with where there is no TLS; without one none is sent that way. */
  readonly serverPublicKey: string | undefined;
  /** The server ends a statement that runs longer; a little later the session is destroyed. */
  readonly queryTimeoutMs: number;
  readonly names: HostNames;
}

/** A connection that is logged in, and the socket below it, which alone can be closed at once. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly socket: Socket;
  /** What of its state the server refused to set, one sentence each. */
  readonly unpinned: readonly string[];
}

/** How many statements a session keeps prepared; mysql2 must not forget any of them by itself. */
export const maxPrepared = 100;

/**
 * Connects and logs in. Rejects with whatever the driver, Node or the server said; nothing is left open then.
 */
export async function openConnection(
  endpoint: Endpoint,
  settings: MysqlLogin,
  times: OpenTimes,
): Promise<OpenConnection> {
  // Loaded with the first connection: a daemon with SQLite only, and every short command, start without it.
  const {
    default: { createConnection, authPlugins },
  } = await import("mysql2");
  const socket = dialNamed(endpoint, settings.names, times);
  return openWithin<OpenConnection>(socket, times, (resolve, reject) => {
    const made = createConnection(
      connectionOptions(endpoint, settings, socket, safePlugins(endpoint, authPlugins, settings.serverPublicKey)),
    );
    // Errors reach the callbacks of the statements; without a listener they would end the process.
    made.on("error", reject);
    made.connect((error) => {
      if (error !== null) return reject(error);
      return pinSessionState(made, settings.charset, settings.queryTimeoutMs).then(
        (unpinned) => resolve({ connection: made, socket, unpinned }),
        reject,
      );
    });
  });
}

/**
 * How these two ways of MySQL 8 send the password. Without TLS they encrypt it with a key that the server hands out: whoever
 * answers at the port could read it then. So none is taken but the one of the configuration; a unix socket is as safe as TLS.
 */
function safePlugins(
  endpoint: Endpoint,
  plugins: AuthPlugins,
  serverPublicKey: string | undefined,
): NonNullable<ConnectionOptions["authPlugins"]> {
  const onServerPublicKey = () => {
    throw new Error("the server's own key is not to be trusted");
  };
  const isSafe = endpoint.kind === "unix" ? { overrideIsSecure: true } : {};
  const key = { onServerPublicKey, ...(serverPublicKey !== undefined && { serverPublicKey }) };
  return {
    caching_sha2_password: plugins.caching_sha2_password({ ...key, ...isSafe }),
    sha256_password: plugins.sha256_password(key),
  };
}

type AuthPlugins = typeof import("mysql2")["authPlugins"];

// mysql2 hands this socket to tls.connect without a host name. For a name node:net notes the host here by itself; for an IP
// address it does not, and the certificate would be compared with "localhost".
function dialNamed(endpoint: Endpoint, names: HostNames, times: OpenTimes): Socket {
  return Object.assign(dial(endpoint, names, times), endpoint.kind === "inet" ? { _host: endpoint.host } : {});
}

function connectionOptions(
  endpoint: Endpoint,
  settings: MysqlLogin,
  socket: Socket,
  authPlugins: NonNullable<ConnectionOptions["authPlugins"]>,
): ConnectionOptions {
  const tls = endpoint.kind === "inet" ? settings.tls : undefined;
  return {
    stream: () => socket,
    ...(endpoint.kind === "inet" ? { host: endpoint.host, port: endpoint.port } : {}),
    user: settings.user,
    password: settings.password,
    database: settings.database,
    charset: settings.charset ?? "utf8mb4",
    ...(tls === undefined ? {} : { ssl: tlsOptions(tls) }),
    authPlugins,
    connectTimeout: 0,
    multipleStatements: false,
    // Off: files on our side that the server could ask for; and what changes how the server reads SQL, compared with the
    // client library that Postfix uses.
    flags: ["-LOCAL_FILES", "-IGNORE_SPACE", "-ODBC", "-FOUND_ROWS"],
    maxPreparedStatements: 10 * maxPrepared,
    rowsAsArray: true,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
  };
}

function tlsOptions(tls: Certificates): NonNullable<ConnectionOptions["ssl"]> & object {
  return {
    rejectUnauthorized: tls.verify,
    verifyIdentity: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}
