/**
 * The connections of a source to its hosts: opened when needed, kept while they work, moved when a host goes.
 *
 * A host goes out when a connection to it cannot be opened and none that it had is left; `try-twice.ts` says which failure proves
 * that.
 *
 * Knows hosts and sessions; what is asked on a session is its caller's, how one is opened its driver's.
 */
import type { Clock } from "../../model/clock.ts";
import type { Log } from "../../model/log.ts";
import type { Endpoint } from "../../model/settings.ts";
import { type OpenSession, type OpenTimes, type Session, SessionError } from "../session.ts";
import { type Host, Hosts, type ProbeResult } from "./hosts.ts";
import { type Tried, tryTwice } from "./try-twice.ts";

/** A session and what it is doing. */
export interface PooledSession<S extends Session> {
  readonly session: S;
  readonly host: Host;
  /** Counts from 1, in the order in which sessions were opened. */
  readonly number: number;
  /** Batches that are being asked on it. */
  underWay: number;
}

/** What the sessions of a source need. */
export interface SessionsOptions<S extends Session> {
  readonly source: string;
  readonly hosts: readonly Endpoint[];
  readonly open: OpenSession<S>;
  readonly poolSize: number;
  /** How many batches may be under way on one session; 1, unless the protocol tells answers apart. */
  readonly batchesPerSession?: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Called with each new session before it is used; a failure counts against the host. */
  readonly prepare: (session: S) => Promise<void>;
  /** Called when a session may have become free, or none will: look at the waiting lookups again. */
  readonly onChange: () => void;
}

// A host that turned one connection away (max_connections) while others to it work is not asked for more at once.
const growDelayMs = 500;
// A probe must notice a returning host in well under a second; once connected it waits, see Hosts.
const probeTimes = { connectMs: 500, loginMs: 5000 };

/** Connections to the first host that is up. */
export class Sessions<S extends Session> {
  readonly hosts: Hosts;
  readonly #options: SessionsOptions<S>;
  readonly #sessions = new Set<PooledSession<S>>();
  readonly #aborter = new AbortController();
  #newest = 0;
  #opening = 0;
  #growAfterMs = Number.NEGATIVE_INFINITY;

  constructor(options: SessionsOptions<S>) {
    this.#options = options;
    this.hosts = new Hosts(options.hosts, {
      source: options.source,
      clock: options.clock,
      log: options.log,
      random: options.random,
      probe: (host) => this.#probe(host),
      onChange: (host) => this.#hostChanged(host),
    });
  }

  /** The number of the session that was opened last; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** The sessions to the preferred host that have room, the idle ones first; idle ones to other hosts are given up. */
  withRoom(): readonly PooledSession<S>[] {
    const { batchesPerSession = 1 } = this.#options;
    const host = this.hosts.preferred();
    const found: PooledSession<S>[] = [];
    for (const entry of this.#sessions) {
      if (entry.host === host && entry.underWay < batchesPerSession) found.push(entry);
      else if (entry.host !== host && entry.underWay === 0) this.#retire(entry);
    }
    return batchesPerSession === 1 ? found : found.sort((a, b) => a.underWay - b.underWay);
  }

  /** Opens up to `wanted` more sessions to the preferred host, within `poolSize`. */
  grow(wanted: number): void {
    const { clock, poolSize } = this.#options;
    const host = this.hosts.preferred();
    if (host === undefined || this.#aborter.signal.aborted) return;
    const open = this.#sessionsTo(host).length;
    // The others that worked may be gone meanwhile.
    if (open + this.#opening > 0 && clock.nowMs() < this.#growAfterMs) return;
    const room = poolSize - open;
    const missing = Math.min(wanted, room) - this.#opening;
    for (let i = 0; i < missing; i++) void this.#open(host, (reason) => this.hosts.takeOut(host, reason));
  }

  /**
   * Finds out, while no lookup does, whether the preferred host is there: by asking on a free session, or by opening one. A host
   * that is not up is being probed already, and sessions that are busy tell by themselves. Never rejects.
   */
  async lookAfter(): Promise<void> {
    const host = this.hosts.preferred();
    if (host?.isUp !== true || this.#opening > 0 || this.#aborter.signal.aborted) return;
    const sessions = this.#sessionsTo(host);
    if (sessions.some(({ underWay }) => underWay > 0)) return;
    const [free] = sessions;
    if (free === undefined) await this.#open(host, (reason) => this.hosts.suspect(host, reason));
    else await this.#check(free);
  }

  /**
   * Closes a session that failed, and the free ones to the same host: whatever broke one may have broken them unnoticed, and
   * the lookup that failed is to be tried again on a fresh one.
   */
  discard(failed: PooledSession<S>, reason: string): void {
    failed.session.destroy(reason);
    for (const entry of this.#sessionsTo(failed.host)) if (entry.underWay === 0) entry.session.destroy(reason);
  }

  /**
   * Opens a session for the caller alone, to the first host that works, for as long as `deadlineMs`.
   *
   * @param open makes it, if it is to be another kind of session than those of lookups
   * @param signal gives up at once when it fires, as the end of the source does unless there is one
   */
  async openApart(
    deadlineMs: number,
    open: OpenSession<S> = this.#options.open,
    signal: AbortSignal = this.#aborter.signal,
  ): Promise<S> {
    const { clock, connectTimeoutMs } = this.#options;
    const reasons: string[] = [];
    for (const host of this.hosts.inOrder()) {
      const leftMs = () => Math.min(connectTimeoutMs, deadlineMs - clock.nowMs());
      const attempt = (onConnect: () => void) =>
        open(host.endpoint, { connectMs: leftMs(), loginMs: leftMs(), signal, onConnect });
      const tried = this.#tried(host, () => leftMs() > 0 && !signal.aborted);
      if (leftMs() <= 0) reasons.push(`${host.name}: no time left`);
      else {
        try {
          return await tryTwice(tried, attempt);
        } catch (error) {
          reasons.push(`${host.name}: ${messageOf(error)}`);
        }
      }
    }
    throw new SessionError("connection", reasons.join("; "));
  }

  /** Closes every connection and stops probing. The caller has seen to it that no session is busy. */
  async close(): Promise<void> {
    this.#aborter.abort();
    this.hosts.close();
    await Promise.all([...this.#sessions].map(({ session }) => session.end()));
  }

  #sessionsTo(host: Host): PooledSession<S>[] {
    return [...this.#sessions].filter((entry) => entry.host === host);
  }

  async #check(entry: PooledSession<S>): Promise<void> {
    entry.underWay++;
    try {
      await entry.session.check();
    } catch (error) {
      entry.session.destroy(messageOf(error));
      if (isRefusal(error)) this.hosts.suspect(entry.host, messageOf(error));
      else this.hosts.checkIdle(entry.host);
    } finally {
      entry.underWay--;
      this.#options.onChange();
    }
  }

  async #open(host: Host, onFailure: (reason: string) => void): Promise<void> {
    const { connectTimeoutMs, prepare, onChange, clock } = this.#options;
    this.#opening++;
    try {
      const session = await tryTwice(
        this.#tried(host, () => this.#sessionsTo(host).length === 0),
        (onConnect) => this.#make(host, { connectMs: connectTimeoutMs, loginMs: connectTimeoutMs, onConnect }, prepare),
      );
      this.#newest++;
      this.#add({ session, host, number: this.#newest, underWay: 0 });
      this.hosts.takeIn(host);
    } catch (error) {
      // While another is being opened it is not known yet that the server takes none.
      const mayServe = this.#sessionsTo(host).length > 0 || (this.#opening > 1 && isRefusal(error));
      if (mayServe) this.#growAfterMs = clock.nowMs() + growDelayMs;
      else if (!this.#aborter.signal.aborted) onFailure(messageOf(error));
    } finally {
      this.#opening--;
      onChange();
    }
  }

  /** Opens a session and does the first thing on it. Nothing is left open when that fails. */
  async #make(host: Host, times: OpenTimes, first: (session: S) => Promise<void>): Promise<S> {
    const session = await this.#options.open(host.endpoint, { ...times, signal: this.#aborter.signal });
    try {
      await first(session);
      return session;
    } catch (error) {
      session.destroy("not usable");
      throw error;
    }
  }

  #tried(host: Host, isWanted: () => boolean): Tried {
    return {
      signsOfLife: () => this.hosts.signsOfLife(host),
      isWanted: () => !this.#aborter.signal.aborted && isWanted(),
    };
  }

  #add(entry: PooledSession<S>): void {
    const { session, host } = entry;
    if (!session.isOpen || this.#aborter.signal.aborted) {
      session.destroy("closed");
      return;
    }
    session.onSlow = () => this.hosts.check(host);
    session.onClose = (isDestroyed) => {
      this.#sessions.delete(entry);
      // Nobody else notices that a server went while nothing was asked of it.
      if (!isDestroyed && entry.underWay === 0) this.hosts.checkIdle(host);
    };
    this.#sessions.add(entry);
  }

  #retire(entry: PooledSession<S>): void {
    this.#sessions.delete(entry);
    void entry.session.end();
  }

  #hostChanged(host: Host): void {
    if (!host.isUp) for (const { session } of this.#sessionsTo(host)) session.destroy("the host is down");
    this.#options.onChange();
  }

  async #probe(host: Host): Promise<ProbeResult> {
    const check = async (session: S) => {
      try {
        await session.check();
      } catch (error) {
        // A server that answers, and does not take our question: a node of a cluster that is not ready.
        throw session.isOpen ? new SessionError("refused", messageOf(error)) : error;
      }
    };
    try {
      // One that is out is probed again and again anyway.
      const tried = this.#tried(host, () => host.isUp);
      const attempt = (onConnect: () => void) => this.#make(host, { ...probeTimes, onConnect }, check);
      const session = await tryTwice(tried, attempt);
      await session.end();
      return { kind: "up" };
    } catch (error) {
      return { kind: isRefusal(error) ? "refused" : "dead", reason: messageOf(error) };
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SessionError && error.kind === "refused";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
