/**
 * Finds the addresses of host names without ever waiting in a thread: the system's own way (getaddrinfo(3)) cannot be given up,
 * holds threads that files are read with, and keeps the process from ending while a name server does not answer.
 *
 * Knows the hosts file and DNS; whoever connects says how long it may take.
 */
import { lookup as askSystem, type LookupAddress, type LookupOptions } from "node:dns";
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import type { LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { codeOf } from "./errno.ts";
import { addressesInFile, type HostAddress, namesToAsk } from "./name-files.ts";

/** Where names are looked up; the system's places unless a test wants others. */
export interface NamePlaces {
  readonly hostsFile?: string;
  readonly resolverFile?: string;
  /** Name servers in place of those of the resolver file, as `127.0.0.1:53`. */
  readonly servers?: readonly string[];
}

// Two silent name servers of three are survived within the time, each asked once and the first again.
const triesInTime = 4;
// However long it may take in all: one that was away is asked again soon after it is back.
const maxTryMs = 1000;
// RFC 8305, section 3: how long the addresses of one family wait for those of the other.
const resolutionDelayMs = 50;
// What a name server says that is there and knows no such name, or no address of it.
const notThere = new Set(["ENOTFOUND", "ENODATA"]);

/** The names of the hosts of a source; remembers what they last were. */
export class HostNames {
  readonly #places: NamePlaces;
  readonly #last = new Map<string, readonly HostAddress[]>();

  constructor(places: NamePlaces = {}) {
    this.#places = places;
  }

  /**
   * What node:net is to find addresses with: those of the hosts file, else what DNS says. While no name server answers, the
   * addresses that it said last go on being used, after half of the time. A name that DNS does not know is asked of the system,
   * which may know it from elsewhere (nsswitch.conf(5)).
   *
   * @param limitMs the most that it may take
   * @param signal gives up at once when it fires
   */
  lookupWithin(limitMs: number, signal: AbortSignal): LookupFunction {
    return (host, options, callback) => {
      this.#addressesOf(host, limitMs, signal).then(
        (addresses) => answer(addresses, options, callback),
        (error: unknown) => callback(error as NodeJS.ErrnoException, []),
      );
    };
  }

  async #addressesOf(host: string, limitMs: number, signal: AbortSignal): Promise<readonly HostAddress[]> {
    const { hostsFile = "/etc/hosts", resolverFile = "/etc/resolv.conf" } = this.#places;
    const written = addressesInFile(await textOf(hostsFile), host);
    if (written.length > 0) return written;
    const last = this.#last.get(host);
    try {
      const names = namesToAsk(await textOf(resolverFile), host);
      const found = await this.#askDns(names, last === undefined ? limitMs : limitMs / 2, signal);
      this.#last.set(host, found);
      return found;
    } catch (error) {
      if (notThere.has(codeOf(error) ?? "")) {
        this.#last.delete(host);
        return addressesOfSystem(host);
      }
      if (last === undefined || signal.aborted) throw error;
      return last;
    }
  }

  /** Asks for one name after the other until one is there; the first failure that is no answer ends it. */
  async #askDns(names: readonly string[], limitMs: number, signal: AbortSignal): Promise<readonly HostAddress[]> {
    signal.throwIfAborted();
    const timeout = Math.max(1, Math.min(maxTryMs, Math.floor(limitMs / triesInTime)));
    const resolver = new Resolver({ timeout, tries: triesInTime });
    if (this.#places.servers !== undefined) resolver.setServers(this.#places.servers);
    const cancel = () => resolver.cancel();
    const timer = setTimeout(cancel, limitMs);
    signal.addEventListener("abort", cancel);
    try {
      let absent: unknown;
      for (const name of names) {
        try {
          return await bothFamilies(resolver, name);
        } catch (error) {
          if (!notThere.has(codeOf(error) ?? "")) throw error;
          absent = error;
        }
      }
      throw absent;
    } catch (error) {
      const code = codeOf(error) ?? "";
      if (notThere.has(code)) throw error;
      throw Object.assign(new Error(`no name server told the address of ${names[0]}`), {
        code: "EAI_AGAIN",
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      // What the other family's answer is still awaited for.
      resolver.cancel();
    }
  }
}

/** The addresses of both families, in the order in which they are to be tried. */
async function bothFamilies(resolver: Resolver, name: string): Promise<readonly HostAddress[]> {
  const four: HostAddress[] = [];
  const six: HostAddress[] = [];
  const asked = [
    resolver
      .resolve4(name)
      .then((found) => void four.push(...found.map((address) => ({ address, family: 4 }) as const))),
    resolver
      .resolve6(name)
      .then((found) => void six.push(...found.map((address) => ({ address, family: 6 }) as const))),
  ];
  await Promise.any(asked).catch(({ errors }: AggregateError) => {
    throw errors.find((error) => !notThere.has(codeOf(error) ?? "")) ?? errors[0];
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, resolutionDelayMs);
  });
  await Promise.race([Promise.allSettled(asked), late]);
  clearTimeout(timer);
  return reachesIpv6() ? [...six, ...four] : [...four, ...six];
}

/** Whether this machine has an IPv6 address that leads further than its own link: RFC 6724 has those tried first then. */
function reachesIpv6(): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return addresses.some(({ family, internal, scopeid }) => family === "IPv6" && !internal && scopeid === 0);
}

/** The text of a file; a machine may have none, and the system goes on without as well. */
async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function addressesOfSystem(host: string): Promise<readonly HostAddress[]> {
  return new Promise((resolve, reject) => {
    askSystem(host, { all: true }, (error, found) => {
      if (error === null) resolve(found as HostAddress[]);
      else reject(error);
    });
  });
}

function answer(
  addresses: readonly HostAddress[],
  { all }: LookupOptions,
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses;
  if (all === true || first === undefined) callback(null, addresses as LookupAddress[]);
  else callback(null, first.address, first.family);
}
