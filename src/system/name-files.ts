/** Reads the two files that say what host names mean here: hosts(5) and resolv.conf(5). */
import { isIP } from "node:net";

/** An address of a host, as node:dns writes it. */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** What a line is without its comment, in words. */
function wordsOf(line: string): readonly string[] {
  return line
    .replace(/[#;].*/, "")
    .split(/\s+/)
    .filter((word) => word !== "");
}

/**
 * The addresses of a name in the text of a hosts file, in the order of its lines; none when it is not there. `localhost` is this
 * machine whatever the file says (RFC 6761, section 6.3).
 */
export function addressesInFile(text: string, host: string): readonly HostAddress[] {
  const name = host.toLowerCase().replace(/\.$/, "");
  const found = new Map<string, HostAddress>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = wordsOf(line);
    const family = isIP(address);
    if (family !== 0 && names.some((one) => one.toLowerCase() === name)) {
      found.set(address, { address, family: family === 4 ? 4 : 6 });
    }
  }
  if (found.size === 0 && name === "localhost") return [{ address: "127.0.0.1", family: 4 }];
  return [...found.values()];
}

/**
 * The names to ask DNS for in place of a name, in the order of the system's own resolver: with the domains of `search` after it,
 * and first by itself if it has as many dots as `ndots` says (resolv.conf(5), one unless given).
 */
export function namesToAsk(text: string, host: string): readonly string[] {
  if (host.endsWith(".")) return [host.slice(0, -1)];
  let search: readonly string[] = [];
  let dots = 1;
  for (const [word = "", ...values] of text.split("\n").map(wordsOf)) {
    // The last of them counts.
    if (word === "search" || word === "domain") search = values;
    if (word !== "options") continue;
    const option = values.findLast((value) => /^ndots:\d+$/.test(value));
    if (option !== undefined) dots = Number(option.slice("ndots:".length));
  }
  const qualified = search
    .map((domain) => `${host}.${domain.replace(/^\.+|\.$/g, "")}`)
    .filter((name) => !name.endsWith("."));
  return host.split(".").length > dots ? [host, ...qualified] : [...qualified, host];
}
