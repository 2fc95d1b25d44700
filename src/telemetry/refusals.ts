/**
 * The last messages that were refused, and how many addresses each login was refused for.
 *
 * A login that tries one foreign address after the other is no mistaken setting of a mail program: its password is in other hands.
 */
import type { Refusal } from "../model/message.ts";

/** A refusal and when it was. */
export interface DatedRefusal extends Refusal {
  /** ISO 8601 in UTC. */
  readonly time: string;
}

// As many as a person reads at a glance; the log has the rest.
const keptRefusals = 50;
// Logins whose addresses are counted, those refused last; addresses that are told apart for each.
const keptLogins = 1000;
const keptAddresses = 100;
const windowMs = 3_600_000;

/** The refusals of one daemon; holds a bounded number. */
export class Refusals {
  readonly #now: () => number;
  #last: DatedRefusal[] = [];
  /** By listener, then by login: each address and when it was last refused. The login refused last stands last. */
  readonly #logins = new Map<string, Map<string, Map<string, number>>>();

  /** @param now milliseconds since 1970; tests pass their own */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Keeps a refusal.
   *
   * @returns for how many addresses the login was refused within the last hour, if this one is new among them; else 0
   */
  add(refusal: Refusal): number {
    const nowMs = this.#now();
    this.#last = [{ ...refusal, time: new Date(nowMs).toISOString() }, ...this.#last.slice(0, keptRefusals - 1)];
    const { listener, login, address, reason } = refusal;
    return reason === "not_owned" && address !== undefined ? this.#count(listener, login, address, nowMs) : 0;
  }

  /** The last ones, the latest first. */
  list(): readonly DatedRefusal[] {
    return this.#last;
  }

  /** The most addresses that one login of the listener was refused for within the last hour. */
  mostAddresses(listener: string): number {
    const nowMs = this.#now();
    let most = 0;
    for (const addresses of this.#logins.get(listener)?.values() ?? []) {
      most = Math.max(most, withinWindow(addresses, nowMs).size);
    }
    return most;
  }

  #count(listener: string, login: string, address: string, nowMs: number): number {
    const logins = this.#logins.get(listener) ?? new Map<string, Map<string, number>>();
    this.#logins.set(listener, logins);
    const addresses = withinWindow(logins.get(login) ?? new Map<string, number>(), nowMs);
    logins.delete(login);
    logins.set(login, addresses);
    dropFirst(logins, keptLogins);
    const folded = address.toLowerCase();
    const isNew = !addresses.delete(folded);
    addresses.set(folded, nowMs);
    dropFirst(addresses, keptAddresses);
    return isNew ? addresses.size : 0;
  }
}

/** Takes out what was longer ago; the addresses stand in the order of their time. */
function withinWindow(addresses: Map<string, number>, nowMs: number): Map<string, number> {
  for (const [address, atMs] of addresses) {
    if (nowMs - atMs <= windowMs) break;
    addresses.delete(address);
  }
  return addresses;
}

function dropFirst(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
