/**
 * Opens connections to PostgreSQL with pg: addresses, TLS, and a session whose state is known, whatever the defaults of the
 * server, the database and the account are.
 */
import type { Socket } from "node:net";
import type { Client, ClientConfig } from "pg";
import type { Endpoint } from "../../model/settings.ts";
import type { HostNames } from "../../system/host-names.ts";
import { dial, openWithin } from "../pool/socket-session.ts";
import type { Certificates } from "../pool/tls.ts";
import { type OpenTimes, SessionError } from "../session.ts";
import { isServersAnswer } from "./errors.ts";

/** What all connections of a source have in common. */
export interface PgsqlLogin {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Not used on unix sockets, which nobody can listen in on. */
  readonly tls: Certificates | undefined;
  /** The server ends a statement that runs longer; a little later the session is destroyed. */
  readonly queryTimeoutMs: number;
  readonly names: HostNames;
}

/** A connection that is logged in, and the socket below it, which alone can be closed at once. */
export interface OpenConnection {
  readonly client: Client;
  readonly socket: Socket;
  /** Whether a pooler stands between us and the server: what one statement sets or prepares, the next may not find. */
  readonly isPooled: boolean;
  /** What could not be set there, though it matters; one sentence each. */
  readonly unpinned: readonly string[];
}

/**
 * Connects and logs in. Rejects with whatever the driver, Node or the server said; nothing is left open then.
 *
 * Where TLS is optional it is libpq's `sslmode=prefer`: with TLS if the server has it, without if not, or if the server wants
 * none from this host.
 */
export async function openConnection(endpoint: Endpoint, login: PgsqlLogin, times: OpenTimes): Promise<OpenConnection> {
  const tls = endpoint.kind === "inet" ? login.tls : undefined;
  try {
    return await connect(endpoint, login, tls, times);
  } catch (error) {
    if (tls?.isOptional !== true || !isAboutTls(error)) throw error;
    return connect(endpoint, login, undefined, times);
  }
}

async function connect(
  endpoint: Endpoint,
  login: PgsqlLogin,
  tls: Certificates | undefined,
  times: OpenTimes,
): Promise<OpenConnection> {
  // Loaded with the first connection: a daemon without PostgreSQL, and every short command, start without it.
  const pg = await import("pg");
  const socket = dialAhead(endpoint, login.names, times);
  return openWithin<OpenConnection>(socket, times, (resolve, reject) => {
    const client = new pg.Client(clientConfig(endpoint, login, tls, socket));
    // PGOPTIONS likewise, which no value of the configuration can keep out.
    delete (client as unknown as { connectionParameters: { options?: string } }).connectionParameters.options;
    // Errors reach the callbacks of the statements; without a listener they would end the process.
    client.on("error", reject);
    if (endpoint.kind === "inet" && tls?.verify !== true) refuseClearPassword(client, socket, reject);
    client
      .connect()
      .then(() => pinSession(client, login.queryTimeoutMs))
      .then((state) => resolve({ client, socket, ...state }))
      .catch(reject);
  });
}

/** A socket that connects already: pg would look the host name up in its own way. */
function dialAhead(endpoint: Endpoint, names: HostNames, times: OpenTimes): Socket {
  const socket = dial(
    endpoint.kind === "unix" ? { kind: "unix", path: socketPath(endpoint.path) } : endpoint,
    names,
    times,
  );
  return Object.assign(socket, { connect: () => socket });
}

/** A stranger at the port of the database may ask for the password in clear, of which only the server itself may have it. */
function refuseClearPassword(client: Client, socket: Socket, reject: (error: Error) => void): void {
  const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter };
  // Before pg's own listener, which answers in a later turn: on a socket that is destroyed it does not.
  connection.on("authenticationCleartextPassword", () => {
    reject(
      new SessionError("refused", "the server wants the password in clear: use a unix socket, or tls with verify"),
    );
    socket.destroy();
  });
}

function isAboutTls(error: unknown): boolean {
  if (isServersAnswer(error)) return error.code === "28000";
  return error instanceof Error && error.message === "The server does not support SSL connections";
}

function clientConfig(
  endpoint: Endpoint,
  { user, password, database }: PgsqlLogin,
  tls: Certificates | undefined,
  socket: Socket,
): ClientConfig {
  return {
    ...(endpoint.kind === "inet" ? { host: endpoint.host, port: endpoint.port } : { host: endpoint.path }),
    user,
    database,
    // A function, since an empty string would have it look for ~/.pgpass and PGPASSWORD.
    password: () => password,
    // Nothing of the environment's: PGSSLMODE is meant for others.
    ssl: tls === undefined ? false : tlsOptions(tls),
    application_name: "loginmapd",
    stream: () => socket,
    // The server's own text, whatever the type: pg would make objects of dates, arrays and booleans.
    types: { getTypeParser: () => (value: unknown) => value },
  };
}

function tlsOptions({ ca, cert, key, verify, verifyName = verify }: Certificates): NonNullable<ClientConfig["ssl"]> {
  return {
    rejectUnauthorized: verify,
    ...(verify && !verifyName ? { checkServerIdentity: () => undefined } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** A path is that of the folder, as in pgsql_table(5) and libpq, or of the socket in it. */
function socketPath(path: string): string {
  return /\/\.s\.PGSQL\.\d+$/.test(path) ? path : `${path}/.s.PGSQL.5432`;
}

// What a default of the server or the account could change about our statements. TimeZone, DateStyle and the like are left as
// they are: the text of a cell is to be what every client of that account gets.
const pins = (queryTimeoutMs: number): readonly (readonly [name: string, value: string])[] => [
  // Without a limit of its own the server goes on with a statement whose client has given up.
  ["statement_timeout", String(queryTimeoutMs)],
  // Our connections idle; who closes them makes the next lookup open one.
  ["idle_session_timeout", "0"],
  // A backslash in '…' is a letter: so the text of a query was read when its parameters were taken out.
  ["standard_conforming_strings", "on"],
  // A lookup is one statement; a stricter level could only make it fail.
  ["default_transaction_isolation", "read committed"],
];

/**
 * Sets what must not be left to defaults, unless a pooler stands between: what is set there would stay for others who get the
 * backend next. In front of a server the process that greeted us is the one that runs our statements.
 *
 * @returns whether a pooler stands between, and what is left open then
 * @throws {SessionError} of kind `refused` when a pooler's sessions read strings in the old way
 */
async function pinSession(
  client: Client,
  queryTimeoutMs: number,
): Promise<Pick<OpenConnection, "isPooled" | "unpinned">> {
  const { processID } = client as unknown as { readonly processID: number | null };
  const wanted = pins(queryTimeoutMs);
  const rows = wanted.map((_, i) => `($${2 * i + 2}, $${2 * i + 3})`).join(", ");
  const result = await client.query<[string, string, string]>({
    text: `SELECT pin.name, pg_catalog.pg_backend_pid(), CASE WHEN pg_catalog.pg_backend_pid() = $1::int
      THEN pg_catalog.set_config(pin.name, pin.value, false) ELSE s.setting END
      FROM (VALUES ${rows}) AS pin (name, value) JOIN pg_catalog.pg_settings AS s ON s.name = pin.name`,
    values: [String(processID ?? 0), ...wanted.flat()],
    rowMode: "array",
  });
  if (result.rows.every(([, pid]) => Number(pid) === processID)) return { isPooled: false, unpinned: [] };
  const found = new Map(result.rows.map(([name, , value]) => [name, value]));
  if (found.get("standard_conforming_strings") === "off") {
    throw new SessionError(
      "refused",
      "standard_conforming_strings is off behind a pooler, where it cannot be set: ALTER ROLE … SET standard_conforming_strings = on",
    );
  }
  const isLimited = found.get("statement_timeout") !== "0";
  return { isPooled: true, unpinned: isLimited ? [] : [withoutLimit] };
}

const withoutLimit =
  "a pooler stands between, where statement_timeout cannot be set: a statement that is given up here goes on there, unless the account has a limit (ALTER ROLE … SET statement_timeout)";
