/**
 * Endpoints in Postfix's notation: `inet:host:port`, `inet:[::1]:port`, `unix:/path`.
 *
 * A mistake is explained, since the notation is close to that of URLs, of `master.cf` and of `main.cf`, and is none of them.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Endpoint } from "../model/settings.ts";
import { Mismatch, quote } from "./mismatch.ts";

/** Longest path of a unix socket in bytes: `sun_path` of unix(7) holds 108 with the final NUL. */
const maxSocketPathBytes = 107;

const hostname = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/i;

/** What messages about an endpoint give as examples. */
export interface EndpointExamples {
  readonly port: number;
  readonly path: string;
}

/**
 * Reads an endpoint.
 *
 * Host names are lower-cased and IPv6 addresses put into their shortest form, so that equal endpoints compare equal.
 */
export function parseEndpoint(text: string, { port, path }: EndpointExamples): Endpoint | Mismatch {
  const endpoint = parseNotation(text);
  if (endpoint !== undefined) return endpoint;
  const meant = guess(text, port);
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  return new Mismatch(
    `expected an endpoint such as inet:127.0.0.1:${port}, inet:[::1]:${port} or unix:${path}, got ${quote(text)}${hint}`,
  );
}

/** Reads text that has the form of the notation, right or wrong; `undefined` for any other form. */
function parseNotation(text: string): Endpoint | Mismatch | undefined {
  if (text.startsWith("unix:")) return parseUnix(text);
  return text.startsWith("inet:") ? parseInet(text) : undefined;
}

function parseUnix(text: string): Endpoint | Mismatch {
  const path = text.slice("unix:".length);
  if (!path.startsWith("/")) return new Mismatch(`the path of a unix socket must be absolute, got ${quote(text)}`);
  if (path.endsWith("/")) return new Mismatch(`expected the path of a socket, got the directory ${quote(text)}`);
  if (path.includes("\0")) return new Mismatch("the path of a unix socket cannot hold a NUL");
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    return new Mismatch(
      `the path of a unix socket has at most ${maxSocketPathBytes} bytes (unix(7), sun_path), got ${bytes}`,
    );
  }
  return { kind: "unix", path };
}

function parseInet(text: string): Endpoint | Mismatch | undefined {
  const rest = text.slice("inet:".length);
  const colon = rest.lastIndexOf(":");
  if (colon === -1) return undefined;
  if (isIPv6(rest)) return withoutBrackets(text);
  const host = parseHost(rest.slice(0, colon), text);
  if (host === undefined || host instanceof Mismatch) return host;
  const port = parsePort(rest.slice(colon + 1));
  if (port !== undefined) return { kind: "inet", host, port };
  return new Mismatch(`expected a port number from 0 to 65535 after the last colon, got ${quote(text)}`);
}

function parseHost(host: string, text: string): string | Mismatch | undefined {
  if (host.startsWith("[") && host.endsWith("]")) {
    const address = host.slice(1, -1);
    if (!isIPv6(address)) return new Mismatch(`expected an IPv6 address in the brackets, got ${quote(text)}`);
    // A zone (fe80::1%eth0) has no place in a URL; it is rare enough to be kept as it was written.
    return address.includes("%") ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
  }
  if (host === "*" || host === "") {
    return new Mismatch(
      `a host is missing: inet:127.0.0.1:PORT is this machine only, inet:0.0.0.0:PORT and inet:[::]:PORT are every interface, got ${quote(text)}`,
    );
  }
  if (isIPv6(host)) return withoutBrackets(text);
  if (host.includes(":")) return undefined;
  // 127.1 and 2130706433 are addresses to some and names to others.
  const isValid = /^[\d.]+$/.test(host) ? isIPv4(host) : hostname.test(host);
  return isValid
    ? host.toLowerCase()
    : new Mismatch(`expected a host name or an address after "inet:", got ${quote(text)}`);
}

function withoutBrackets(text: string): Mismatch {
  return new Mismatch(`an IPv6 address stands in brackets, as in inet:[::1]:9000, got ${quote(text)}`);
}

function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** Guesses the endpoint behind a path, a port, a host, a URL or a table specification of main.cf. */
function guess(text: string, port: number): string | undefined {
  if (text.startsWith("/")) return firstValid([`unix:${text}`]);
  const bare = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/\/.*$/, "")
    .replace(/^(proxy:)?(socketmap|tcp):/, "")
    .replace(/^inet:/, "");
  const host = isIPv6(bare) ? `[${bare}]` : bare;
  const isPort = parsePort(bare) !== undefined;
  const withoutMap = bare.replace(/:[^:\]]*$/, "");
  return firstValid([`inet:${bare}`, isPort ? `inet:127.0.0.1:${bare}` : `inet:${host}:${port}`, `inet:${withoutMap}`]);
}

function firstValid(candidates: readonly string[]): string | undefined {
  return candidates.find((candidate) => {
    const endpoint = parseNotation(candidate);
    return endpoint !== undefined && !(endpoint instanceof Mismatch);
  });
}
