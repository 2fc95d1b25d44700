/**
 * Knows which hosts of a source can be asked, and finds out when one that could not can again.
 *
 * A host goes out for one reason only: a connection to it fails or gets no sign of life. What a statement says is no reason.
 * A failure proves nothing where the host has given a sign of life since that attempt began: so signs are counted, and compared
 * (see `try-twice.ts`).
 * While a host is out a probe tries it, so that no lookup has to. A host that was found dead while nobody asked it is under
 * suspicion: it counts as down, but a lookup that has no other host tries it, since it may be back before the next probe.
 * Knows no SQL and no driver.
 */
import type { Clock } from "../../model/clock.ts";
import type { Log } from "../../model/log.ts";
import { type Endpoint, formatEndpoint } from "../../model/settings.ts";
import type { HostHealth } from "../../model/source.ts";

/** A host and what is known of it. */
export interface Host {
  readonly endpoint: Endpoint;
  /** The endpoint as text, for logs. */
  readonly name: string;
  readonly isUp: boolean;
}

/** What the probe found. */
export type ProbeResult =
  /** Works. */
  | { readonly kind: "up" }
  /** A server turned us away (wrong password, too many connections): no use, but alive. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nobody there, or no sign of life. */
  | { readonly kind: "dead"; readonly reason: string };

/** What the hosts need from their owner. */
export interface HostDependencies {
  readonly source: string;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1). */
  readonly random: () => number;
  /** Connects, logs in, pings, closes. Ends by itself within some seconds. */
  readonly probe: (host: Host) => Promise<ProbeResult>;
  /** Called after a host came back or went out. */
  readonly onChange: (host: Host) => void;
}

// From 50 ms to half a second between the probes of a host, so that it serves again well within a second of its return.
// The jitter keeps several daemons, or several sources, from probing a returning server in step.
const firstDelayMs = 50;
const lastDelayMs = 500;
const jitter = 0.25;
// A host that is up and under suspicion has this long to show a sign of life.
const verdictMs = 1000;

interface Entry extends Host {
  isUp: boolean;
  /** Not up, but no lookup has failed on it yet. */
  isSuspect: boolean;
  /** Whether lookups wait for the verdict under way. */
  isInUse: boolean;
  /** How many signs of life it has given. */
  signs: number;
  /** The same when the probe under way began: with more since then, a failure that the probe finds is out of date. */
  signsBefore: number;
  reason: string;
  downSinceMs: number;
  failures: number;
  timer: NodeJS.Timeout | undefined;
  verdict: NodeJS.Timeout | undefined;
  isProbing: boolean;
}

/** The hosts of one source in order of preference: unix sockets first, then as configured. */
export class Hosts {
  readonly #entries: readonly Entry[];
  readonly #needs: HostDependencies;
  #isClosed = false;

  constructor(endpoints: readonly Endpoint[], needs: HostDependencies) {
    this.#needs = needs;
    const unix = endpoints.filter(({ kind }) => kind === "unix");
    const inet = endpoints.filter(({ kind }) => kind === "inet");
    this.#entries = [...unix, ...inet].map((endpoint) => ({
      endpoint,
      name: formatEndpoint(endpoint),
      isUp: true,
      isSuspect: false,
      isInUse: false,
      signs: 0,
      signsBefore: 0,
      reason: "",
      downSinceMs: 0,
      failures: 0,
      timer: undefined,
      verdict: undefined,
      isProbing: false,
    }));
  }

  /** The host to ask: the first that is up, else the first under suspicion; `undefined` when all are out. */
  preferred(): Host | undefined {
    return this.#entries.find(({ isUp }) => isUp) ?? this.#entries.find(({ isSuspect }) => isSuspect);
  }

  /** Whether any host is known to work. Hosts count as up until tried. */
  get isAnyUp(): boolean {
    return this.#entries.some(({ isUp }) => isUp);
  }

  /** Every host, up or not, in order of preference. */
  inOrder(): readonly Host[] {
    return this.#entries;
  }

  /** Says why no host is up: the reason of each. */
  reason(): string {
    return this.#entries.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  }

  /** What is known of each host. */
  health(): readonly HostHealth[] {
    return this.#entries.map(({ name, isUp, reason }) => ({ endpoint: name, isUp, reason }));
  }

  /** Takes a host out, because connecting to it failed, and begins to probe it. */
  takeOut(host: Host, reason: string): void {
    const entry = host as Entry;
    if (entry.isSuspect) {
      entry.isSuspect = false;
      entry.reason = reason;
      this.#needs.onChange(entry);
    } else this.#goDown(entry, reason);
  }

  /** Puts a host under suspicion, because connecting to it failed while no lookup needed it, and begins to probe it. */
  suspect(host: Host, reason: string): void {
    const entry = host as Entry;
    if (this.#isClosed || !entry.isUp) return;
    entry.isSuspect = true;
    this.#goDown(entry, reason);
  }

  /** Takes a host back in, because a lookup's connection to it worked. */
  takeIn(host: Host): void {
    this.noteAnswer(host);
    this.#bringBack(host as Entry);
  }

  /**
   * Asks a host that is up for a sign of life, because a statement takes long: a slow query must not take the host out, a
   * server that hangs must. Without an answer in a second it goes out; what it answers to anybody else counts too, since on a busy
   * machine a new connection may take longer than that. Does nothing while a check is under way.
   */
  check(host: Host): void {
    const entry = host as Entry;
    if (entry.isUp) entry.isInUse = true;
    this.#check(entry);
  }

  /** The same for a host that no lookup uses at the moment: it only comes under suspicion. */
  checkIdle(host: Host): void {
    this.#check(host as Entry);
  }

  /** Notes that a host has answered something: a sign of life. */
  noteAnswer(host: Host): void {
    (host as Entry).signs++;
  }

  /** How many signs of life a host has given: answers, and connections that worked. Only a change of it means something. */
  signsOfLife(host: Host): number {
    return (host as Entry).signs;
  }

  /** Stops probing. */
  close(): void {
    this.#isClosed = true;
    for (const entry of this.#entries) {
      clearTimeout(entry.timer);
      clearTimeout(entry.verdict);
    }
  }

  #check(entry: Entry): void {
    if (this.#isClosed || !entry.isUp || entry.isProbing) return;
    entry.verdict = setTimeout(() => {
      // Timers come before reads: what has arrived while this process was kept from running must be read first.
      setImmediate(() => this.#giveVerdict(entry));
    }, verdictMs);
    entry.verdict.unref();
    void this.#probe(entry);
  }

  #giveVerdict(entry: Entry): void {
    if (entry.isProbing && entry.signs === entry.signsBefore)
      this.#condemn(entry, "accepts connections but does not answer");
  }

  #condemn(entry: Entry, reason: string): void {
    if (entry.isInUse) this.takeOut(entry, reason);
    else this.suspect(entry, reason);
  }

  #goDown(entry: Entry, reason: string): void {
    if (this.#isClosed || !entry.isUp) return;
    entry.isUp = false;
    entry.reason = reason;
    entry.downSinceMs = this.#needs.clock.nowMs();
    entry.failures = 0;
    this.#needs.log.warn({ source: this.#needs.source, host: entry.name, reason }, "database host is down");
    if (!entry.isProbing) this.#probeLater(entry);
    this.#needs.onChange(entry);
  }

  #probeLater(entry: Entry): void {
    const delay = Math.min(lastDelayMs, firstDelayMs * 2 ** Math.min(entry.failures, 10));
    entry.failures++;
    const shortened = delay * (1 - jitter * this.#needs.random());
    entry.timer = setTimeout(() => void this.#probe(entry), shortened);
    entry.timer.unref();
  }

  // One probe at a time: on a server that hangs it waits in the queue of connections, and is served first when the server
  // goes on. Giving up and connecting anew would only fill that queue, and make the server block us for it
  // (max_connect_errors).
  async #probe(entry: Entry): Promise<void> {
    entry.isProbing = true;
    entry.signsBefore = entry.signs;
    const result = await this.#needs.probe(entry);
    entry.isProbing = false;
    clearTimeout(entry.verdict);
    if (this.#isClosed) return;
    if (result.kind === "up") {
      this.takeIn(entry);
    } else if (!entry.isUp) {
      entry.reason = result.reason;
      this.#probeLater(entry);
    } else if (result.kind === "dead" && entry.signs === entry.signsBefore) {
      this.#condemn(entry, result.reason);
    }
    entry.isInUse = false;
  }

  #bringBack(entry: Entry): void {
    if (this.#isClosed || entry.isUp) return;
    clearTimeout(entry.timer);
    entry.isUp = true;
    entry.isSuspect = false;
    entry.reason = "";
    const downMs = Math.round(this.#needs.clock.nowMs() - entry.downSinceMs);
    this.#needs.log.info({ source: this.#needs.source, host: entry.name, downMs }, "database host is up again");
    this.#needs.onChange(entry);
  }
}
