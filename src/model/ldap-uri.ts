/** Reads and writes the address of an LDAP server: `ldap://host:389`, `ldaps://host`, `ldapi://%2Frun%2Fslapd%2Fldapi`. */
import type { Endpoint, LdapServer } from "./settings.ts";

const defaultPorts: Readonly<Record<string, number>> = { "ldap:": 389, "ldaps:": 636 };

/** Where the packages of Debian and Ubuntu put the socket that `ldapi:///` means. */
const defaultSocket = "/var/run/slapd/ldapi";

/**
 * Reads a URI; what follows the address (a base, a query) is not allowed.
 *
 * @returns what is wrong, as the end of a sentence, when it is none
 */
export function parseLdapUri(text: string): LdapServer | { readonly problem: string } {
  const socket = /^ldapi:\/\/([^/?]*)\/?$/i.exec(text);
  if (socket !== null) return ldapi(socket[1] as string);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const port = url === undefined ? undefined : defaultPorts[url.protocol];
  if (url === undefined || port === undefined) return { problem: "expected ldap://, ldaps:// or ldapi://" };
  if ((url.pathname !== "" && url.pathname !== "/") || url.search !== "" || url.hash !== "") {
    return { problem: "expected nothing after the host and its port" };
  }
  if (url.username !== "" || url.password !== "") return { problem: "expected no user before the host" };
  if (url.port === "0") return { problem: "port 0 cannot be connected to" };
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost";
  const endpoint: Endpoint = { kind: "inet", host, port: url.port === "" ? port : Number(url.port) };
  return { endpoint, isTls: url.protocol === "ldaps:" };
}

function ldapi(encoded: string): LdapServer | { readonly problem: string } {
  try {
    const path = encoded === "" ? defaultSocket : decodeURIComponent(encoded);
    if (!path.startsWith("/")) return { problem: "expected the path of a socket, with %2F for each /, after ldapi://" };
    return { endpoint: { kind: "unix", path }, isTls: false };
  } catch {
    return { problem: "has a % that begins no character" };
  }
}

/** Writes the address of a server. */
export function formatLdapUri({ endpoint, isTls }: LdapServer): string {
  if (endpoint.kind === "unix") return `ldapi://${encodeURIComponent(endpoint.path)}`;
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${isTls ? "ldaps" : "ldap"}://${host}:${endpoint.port}`;
}
