/**
 * Reads `hosts` of pgsql_table(5): where the database is, and in a URI also who asks it.
 *
 * dict_pgsql.c, host_init, and libpq's "Connection URIs": a name that begins with `/` is the folder of a socket, the port is
 * what follows the last colon, and a URI brings its own user, password and database.
 */
import { posix } from "node:path";
import type { Endpoint, TlsSettings } from "../../model/settings.ts";
import type { TableReport } from "./report.ts";

/** Who logs in where, and how. */
export interface PgsqlLogin {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsSettings | undefined;
}

/** One host; a URI has a login of its own. */
export interface PgsqlHost {
  readonly endpoint: Endpoint;
  readonly login?: PgsqlLogin;
}

const defaultPort = 5432;
/** Where Debian's libpq looks for a socket when no host is named. */
const defaultFolder = "/var/run/postgresql";

/** Reads the list; an empty one is `localhost`, by TCP. */
export function parsePgsqlHosts(value: string, report: TableReport, line: number | undefined): PgsqlHost[] {
  const items = value.split(/[ ,\t\r\n]+/).filter((item) => item !== "");
  const fail = (message: string) => report.fail("hosts", message, line);
  const warn = (message: string) => report.warn("hosts", message, line);
  return (items.length === 0 ? ["localhost"] : items).flatMap((item) => {
    const host = item.includes("://") ? parseUri(item, fail, warn) : parseName(item, fail, warn);
    return host === undefined ? [] : [host];
  });
}

type Say = (message: string) => void;

function parseName(item: string, fail: Say, warn: Say): PgsqlHost | undefined {
  const rest = item.replace(/^(?:unix|inet):/, "");
  if (rest.startsWith("/") || rest === "") return { endpoint: socketIn(rest, warn) };
  const colon = rest.lastIndexOf(":");
  const name = colon === -1 ? rest : rest.slice(0, colon);
  const port = colon === -1 ? defaultPort : portOf(rest.slice(colon + 1));
  if (port === undefined) {
    fail(`unknown port in "${item}": expected 1 to 65535`);
    return undefined;
  }
  if (/[[\]:]/.test(name)) warn(`"${item}": Postfix knows no IPv6 addresses here and takes it for a host name`);
  return { endpoint: { kind: "inet", host: name, port } };
}

/** The folder of a socket. The socket itself, which people name too, is none to libpq: its lookups all fail. */
function socketIn(path: string, warn: Say): Endpoint {
  if (posix.basename(path).startsWith(".s.PGSQL.")) {
    warn(`"${path}": Postfix expects the folder of the socket and cannot connect; here the socket is used`);
  }
  return { kind: "unix", path: path === "" ? defaultFolder : path };
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}

function parseUri(item: string, fail: Say, warn: Say): PgsqlHost | undefined {
  const parts =
    /^([a-z]+):\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?(\[[^\]]*\]|[^:/?]*)(?::(\d*))?(?:\/([^?]*))?(?:\?(.*))?$/i.exec(
      item,
    );
  const scheme = parts?.[1]?.toLowerCase();
  // The password stands in it.
  if (parts === null) fail("a URI in it cannot be read: expected postgresql://user:password@host:port/database");
  else if (scheme !== "postgresql" && scheme !== "postgres") fail(`${scheme}:// is no URI of PostgreSQL`);
  else {
    if (scheme === "postgres") warn("postgres:// is a host name to Postfix before 3.8: write postgresql://");
    return readUri(parts, fail, warn);
  }
  return undefined;
}

function readUri(parts: readonly string[], fail: Say, warn: Say): PgsqlHost | undefined {
  try {
    const [, , user = "", password = "", host = "", port = "", path = "", query = ""] = parts.map(decode);
    const options = new Map(query === "" ? [] : (parts[7] as string).split("&").map(splitOption));
    const login = {
      user: options.get("user") ?? user,
      password: options.get("password") ?? password,
      database: options.get("dbname") ?? path,
      tls: tlsOf(options, fail),
    };
    for (const name of options.keys()) {
      if (!known.has(name)) warn(`${name} of the URI has no effect here`);
    }
    const endpoint = endpointOf(options.get("host") ?? host, options.get("port") ?? port, fail);
    return endpoint === undefined
      ? undefined
      : { endpoint, login: { ...login, database: login.database || login.user } };
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    fail("a URI in it holds a % that is no %XX");
    return undefined;
  }
}

const known = new Set(["user", "password", "dbname", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey"]);

function decode(text: string | undefined): string {
  return decodeURIComponent(text ?? "");
}

function splitOption(option: string): readonly [name: string, value: string] {
  const [name = "", value = ""] = option.split("=", 2);
  return [decode(name), decode(value)];
}

function endpointOf(host: string, port: string, fail: Say): Endpoint | undefined {
  const number = port === "" ? defaultPort : portOf(port);
  if (number === undefined) fail("unknown port in a URI: expected 1 to 65535");
  else if (host === "" || host.startsWith("/")) {
    return { kind: "unix", path: `${host === "" ? defaultFolder : host}/.s.PGSQL.${number}` };
  } else return { kind: "inet", host: host.replace(/^\[(.*)\]$/, "$1"), port: number };
  return undefined;
}

/** libpq's sslmode. `require` believes any server, unless a certificate to check it by is named. */
function tlsOf(options: ReadonlyMap<string, string>, fail: Say): TlsSettings | undefined {
  const caFile = options.get("sslrootcert");
  const files = { caFile, certFile: options.get("sslcert"), keyFile: options.get("sslkey") };
  switch (options.get("sslmode") ?? "prefer") {
    case "disable":
      return undefined;
    case "allow":
    case "prefer":
      return { ...files, verify: false, isOptional: true };
    case "require":
      return { ...files, verify: caFile !== undefined, verifyName: false };
    case "verify-ca":
      return { ...files, verify: true, verifyName: false };
    case "verify-full":
      return { ...files, verify: true };
    default:
      fail("unknown sslmode in a URI: expected disable, allow, prefer, require, verify-ca or verify-full");
      return undefined;
  }
}
