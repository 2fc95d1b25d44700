/**
 * Reads `hosts` of mysql_table(5): where the database is.
 *
 * dict_mysql.c, host_init: prefixes are case-sensitive, the port is what follows the last colon, and `localhost` in any
 * case, with any prefix and any port, is the socket of the client library.
 */
import type { Endpoint } from "../../model/settings.ts";
import type { ReadFile } from "./lines.ts";
import type { ClientOptions } from "./option-file.ts";
import type { TableReport } from "./report.ts";

/** Where MariaDB and MySQL listen unless told otherwise. */
const defaultPort = 3306;

/** The socket that `localhost` means: where Debian, Ubuntu and the MariaDB packages put it. `option_file` can name another. */
const defaultSocket = "/run/mysqld/mysqld.sock";

/** Reads the list; an empty one is `localhost`. Hosts that only Postfix would find out to be wrong are kept. */
export function parseHosts(
  value: string,
  options: ClientOptions,
  readFile: ReadFile,
  report: TableReport,
  line: number | undefined,
): Endpoint[] {
  const items = value.split(/[ ,\t\r\n]+/).filter((item) => item !== "");
  return (items.length === 0 ? ["localhost"] : items).flatMap((item): Endpoint[] => {
    const { isUnix, name, port } = splitHost(item, readFile);
    if (Number.isNaN(port)) {
      report.fail("hosts", `unknown port in "${item}": expected 1 to 65535 or the name of a service`, line);
      return [];
    }
    if (name.toLowerCase() === "localhost") return [localhost(options, port)];
    if (isUnix) return [{ kind: "unix", path: name }];
    if (/[[\]:]/.test(name)) {
      report.warn("hosts", `"${item}": Postfix knows no IPv6 addresses here and takes it for a host name`, line);
    }
    return [{ kind: "inet", host: name, port: port ?? portOption(options) ?? defaultPort }];
  });
}

/** Takes one item apart; the port is `undefined` when there is none, NaN when it is unknown. */
function splitHost(item: string, readFile: ReadFile): { isUnix: boolean; name: string; port: number | undefined } {
  const isUnix = item.startsWith("unix:");
  const rest = isUnix || item.startsWith("inet:") ? item.slice(5) : item;
  const colon = rest.lastIndexOf(":");
  if (colon === -1) return { isUnix, name: rest, port: undefined };
  return { isUnix, name: rest.slice(0, colon), port: parsePort(rest.slice(colon + 1), readFile) };
}

/** What the client library makes of no host at all: what the option file says, else the socket. */
function localhost(options: ClientOptions, port: number | undefined): Endpoint {
  const host = options.get("host") ?? "localhost";
  if (host.toLowerCase() === "localhost") return { kind: "unix", path: options.get("socket") ?? defaultSocket };
  return { kind: "inet", host, port: port ?? portOption(options) ?? defaultPort };
}

function portOption(options: ClientOptions): number | undefined {
  const port = Number(options.get("port"));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** A number or the name of a service, as find_inet.c reads it; NaN when it is neither. */
function parsePort(text: string, readFile: ReadFile): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text) < 65_536 ? Number(text) : Number.NaN;
  return servicePort(text, readFile);
}

/** getservbyname(3) for TCP: name or alias, in /etc/services. */
function servicePort(service: string, readFile: ReadFile): number {
  let text: string;
  try {
    text = readFile("/etc/services");
  } catch {
    // Without the file no service has a name, which is what getservbyname says too.
    return Number.NaN;
  }
  for (const line of text.split("\n")) {
    const [name, port = "", ...aliases] = (line.split("#")[0] as string).trim().split(/\s+/);
    if (port.endsWith("/tcp") && (name === service || aliases.includes(service))) return Number.parseInt(port, 10);
  }
  return Number.NaN;
}
