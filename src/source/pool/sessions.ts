/**
 * The connections of a source to its hosts: opened when needed, kept while they work, moved when a host goes.
 *
 * Knows hosts and lanes; what runs on a lane is its caller's.
 */
import type { Clock } from "../../model/clock.ts";
import type { Log } from "../../model/log.ts";
import type { Endpoint } from "../../model/settings.ts";
import type { LaneSettings } from "../mysql/connection.ts";
import { Lane, LaneError } from "../mysql/session.ts";
import { type Host, Hosts, type ProbeResult } from "./hosts.ts";

/** A lane and what it is doing. */
export interface PooledLane {
  readonly lane: Lane;
  readonly host: Host;
  isBusy: boolean;
}

/** What the lanes of a source need. */
export interface LanesOptions {
  readonly source: string;
  readonly hosts: readonly Endpoint[];
  readonly lane: LaneSettings;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Called with each new lane before it is used; a failure counts against the host. */
  readonly prepare: (lane: Lane) => Promise<void>;
  /** Called when a lane may have become free, or none will: look at the waiting lookups again. */
  readonly onChange: () => void;
}

// A host that turned one connection away (max_connections) while others to it work is not asked for more at once.
const growDelayMs = 500;
// A probe must notice a returning host in well under a second; once connected it waits, see Hosts.
const probeTimes = { connectMs: 500, loginMs: 5000 };

/** Connections to the first host that is up. */
export class Lanes {
  readonly hosts: Hosts;
  readonly #options: LanesOptions;
  readonly #lanes = new Set<PooledLane>();
  readonly #aborter = new AbortController();
  #opening = 0;
  #growAfterMs = Number.NEGATIVE_INFINITY;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.hosts = new Hosts(options.hosts, {
      source: options.source,
      clock: options.clock,
      log: options.log,
      random: options.random,
      probe: (endpoint) => this.#probe(endpoint),
      onChange: (host) => this.#hostChanged(host),
    });
  }

  /** The lanes to the preferred host that are free, those to other hosts being given up. */
  free(): readonly PooledLane[] {
    const host = this.hosts.preferred();
    const free: PooledLane[] = [];
    for (const entry of this.#lanes) {
      if (entry.isBusy) continue;
      if (entry.host === host) free.push(entry);
      else this.#retire(entry);
    }
    return free;
  }

  /** Opens up to `wanted` more lanes to the preferred host, within `poolSize`. */
  grow(wanted: number): void {
    const { clock, poolSize } = this.#options;
    const host = this.hosts.preferred();
    if (host === undefined || this.#aborter.signal.aborted || clock.nowMs() < this.#growAfterMs) return;
    const room = poolSize - this.#lanesTo(host).length;
    const missing = Math.min(wanted, room) - this.#opening;
    for (let i = 0; i < missing; i++) void this.#open(host, (reason) => this.hosts.takeOut(host, reason));
  }

  /**
   * Finds out, while no lookup does, whether the preferred host is there: by a statement on a free lane, or by opening one. A host
   * that is not up is being probed already, and lanes that are busy tell by themselves. Never rejects.
   */
  async lookAfter(): Promise<void> {
    const host = this.hosts.preferred();
    if (host?.isUp !== true || this.#opening > 0 || this.#aborter.signal.aborted) return;
    const lanes = this.#lanesTo(host);
    if (lanes.some(({ isBusy }) => isBusy)) return;
    const [free] = lanes;
    if (free === undefined) await this.#open(host, (reason) => this.hosts.suspect(host, reason));
    else await this.#check(free);
  }

  /**
   * Closes a lane that failed, and the free ones to the same host: whatever broke one may have broken them unnoticed, and
   * the lookup that failed is to be tried again on a fresh one.
   */
  discard(failed: PooledLane, reason: string): void {
    failed.lane.destroy(reason);
    for (const entry of this.#lanesTo(failed.host)) if (!entry.isBusy) entry.lane.destroy(reason);
  }

  /** Opens a lane for the caller alone, to the first host that works, for as long as `deadlineMs`. */
  async openApart(deadlineMs: number): Promise<Lane> {
    const reasons: string[] = [];
    for (const { endpoint, name } of this.hosts.inOrder()) {
      const leftMs = Math.min(this.#options.connectTimeoutMs, deadlineMs - this.#options.clock.nowMs());
      if (leftMs <= 0) reasons.push(`${name}: no time left`);
      else {
        try {
          return await Lane.open(endpoint, this.#options.lane, { connectMs: leftMs, loginMs: leftMs });
        } catch (error) {
          reasons.push(`${name}: ${messageOf(error)}`);
        }
      }
    }
    throw new LaneError("connection", reasons.join("; "), false);
  }

  /** Closes every connection and stops probing. The caller has seen to it that no lane is busy. */
  async close(): Promise<void> {
    this.#aborter.abort();
    this.hosts.close();
    await Promise.all([...this.#lanes].map(({ lane }) => lane.end()));
  }

  #lanesTo(host: Host): PooledLane[] {
    return [...this.#lanes].filter((entry) => entry.host === host);
  }

  async #check(entry: PooledLane): Promise<void> {
    entry.isBusy = true;
    try {
      await entry.lane.check();
    } catch (error) {
      entry.lane.destroy(messageOf(error));
      this.hosts.checkIdle(entry.host);
    } finally {
      entry.isBusy = false;
      this.#options.onChange();
    }
  }

  async #open(host: Host, onFailure: (reason: string) => void): Promise<void> {
    const { connectTimeoutMs, lane: settings, prepare, onChange, clock } = this.#options;
    this.#opening++;
    try {
      const times = { connectMs: connectTimeoutMs, loginMs: connectTimeoutMs, signal: this.#aborter.signal };
      const lane = await Lane.open(host.endpoint, settings, times);
      await prepare(lane).catch((error: unknown) => {
        lane.destroy("not usable");
        throw error;
      });
      this.#add({ lane, host, isBusy: false });
      this.hosts.takeIn(host);
    } catch (error) {
      if (this.#lanesTo(host).length > 0) this.#growAfterMs = clock.nowMs() + growDelayMs;
      else if (!this.#aborter.signal.aborted) onFailure(messageOf(error));
    } finally {
      this.#opening--;
      onChange();
    }
  }

  #add(entry: PooledLane): void {
    const { lane, host } = entry;
    if (!lane.isOpen || this.#aborter.signal.aborted) {
      lane.destroy("closed");
      return;
    }
    lane.onSlow = () => this.hosts.check(host);
    lane.onClose = (isDestroyed) => {
      this.#lanes.delete(entry);
      // Nobody else notices that a server went while nothing was asked of it.
      if (!isDestroyed && !entry.isBusy) this.hosts.checkIdle(host);
    };
    this.#lanes.add(entry);
  }

  #retire(entry: PooledLane): void {
    this.#lanes.delete(entry);
    void entry.lane.end();
  }

  #hostChanged(host: Host): void {
    if (!host.isUp) for (const { lane } of this.#lanesTo(host)) lane.destroy("the host is down");
    this.#options.onChange();
  }

  async #probe(endpoint: Endpoint): Promise<ProbeResult> {
    try {
      const lane = await Lane.open(endpoint, this.#options.lane, { ...probeTimes, signal: this.#aborter.signal });
      await lane.check().finally(() => lane.end());
      return { kind: "up" };
    } catch (error) {
      const kind = error instanceof LaneError && error.isServersAnswer ? "refused" : "dead";
      return { kind, reason: messageOf(error) };
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
