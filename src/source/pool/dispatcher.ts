/**
 * Brings the lookups of a source to its sessions: a lookup waits in a queue until a session has room, which at once takes others
 * of its shape with it.
 *
 * Here is decided which lookup goes when, and what becomes of it when a session breaks or its time is up. Knows neither a
 * database nor a query: what is asked on a session is its owner's.
 */
import type { Clock } from "../../model/clock.ts";
import { SourceError } from "../../model/errors.ts";
import type { Cells } from "../../model/keys.ts";
import { nowhere, Roster } from "../../model/under-way.ts";
import { type OpenSession, type Session, SessionError } from "../session.ts";
import { type Batchable, LookupQueue, type Taken, type Waiting } from "./queue.ts";
import { type PooledSession, Sessions, type SessionsOptions } from "./sessions.ts";

/** What became of one lookup. */
export type Outcome = Cells | SourceError;

/** Tells what became of the lookup at an index. */
export type Settle = (index: number, outcome: Outcome) => void;

/** What a dispatcher is given. */
export interface DispatcherOptions<S extends Session, L extends Batchable> {
  readonly sessions: Omit<SessionsOptions<S>, "onChange" | "clock">;
  readonly clock: Clock;
  /** Lookups that may wait for a session; more are refused with ERR_SOURCE_OVERLOAD. */
  readonly maxWaitingLookups: number;
  /** How many questions may be asked at once on one session. */
  readonly maxArms: number;
  /**
   * Asks for lookups of one shape on a session that has room for them, and settles each as soon as its outcome is known: what takes
   * long holds up nothing else.
   *
   * @returns when nothing is under way for any of them
   * @throws {SessionError} when the session is of no more use; nothing is known then of the lookups that were not settled
   */
  readonly serve: (session: S, lookups: readonly L[], settle: Settle) => Promise<void>;
  /** Called when the database refused the question of a lookup, whose schema may have changed. */
  readonly onRefused: () => void;
}

// A lookup whose session broke is tried again: that covers a server that was restarted while the connection idled. And once more, for
// one whose administrator ends sessions one after the other. Where all are ended at once a lookup may meet several of them, of which
// it is not yet known: only a session that was opened since it failed is another try.
const maxTries = 3;
// Deadlines are seconds long; one coarse tick for all is enough, and costs nothing while nobody waits.
const tickMs = 50;

/** The lookups and the sessions of one source. */
export class Dispatcher<S extends Session, L extends Batchable> {
  readonly #options: DispatcherOptions<S, L>;
  readonly #sessions: Sessions<S>;
  readonly #queue: LookupQueue<L>;
  readonly #inFlight = new Roster<Waiting<L>>();
  #isScheduled = false;
  #ticker: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;
  #isClosing = false;
  #isClosed = false;

  /** Connects to nothing yet. */
  constructor(options: DispatcherOptions<S, L>) {
    this.#options = options;
    this.#queue = new LookupQueue(options.maxArms);
    this.#sessions = new Sessions({ ...options.sessions, clock: options.clock, onChange: () => this.#pump() });
  }

  /** The hosts, and what is known of them. */
  get hosts(): Sessions<S>["hosts"] {
    return this.#sessions.hosts;
  }

  /** Whether `close` was called. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /**
   * Asks for a lookup as soon as a session has room.
   *
   * @param bind makes its questions when it is taken
   * @returns its findings; rejects with a {SourceError}, at the latest at `deadlineMs`
   */
  ask(bind: () => L, deadlineMs: number): Promise<Cells> {
    if (this.#isClosed) return Promise.reject(new SourceError("ERR_SOURCE_CLOSED", "the source is being closed"));
    if (this.hosts.preferred() === undefined) return Promise.reject(unavailable(this.hosts.reason()));
    if (this.#queue.size >= this.#options.maxWaitingLookups) {
      const message = `${this.#queue.size} lookups wait for the database already`;
      return Promise.reject(new SourceError("ERR_SOURCE_OVERLOAD", message));
    }
    return new Promise((resolve, reject) => {
      this.#queue.add({
        place: nowhere,
        bind,
        deadlineMs,
        tries: 0,
        doubtedUpTo: 0,
        isSettled: false,
        resolve,
        reject,
      });
      this.#ticker ??= setTimeout(() => this.#tick(), tickMs);
      this.#schedule();
    });
  }

  /**
   * Opens a session for the caller alone, who ends it.
   *
   * @throws {SourceError} ERR_SOURCE_UNAVAILABLE with the reason of each host
   */
  async openApart(deadlineMs: number, open?: OpenSession<S>, signal?: AbortSignal): Promise<S> {
    try {
      return await this.#sessions.openApart(deadlineMs, open, signal);
    } catch (error) {
      throw unavailable(error instanceof SessionError ? error.message : String(error), error);
    }
  }

  /** Finds out, while no lookup does, whether the preferred host is there. Never rejects. */
  lookAfter(): Promise<void> {
    return this.#sessions.lookAfter();
  }

  /** Lets the lookups under way end, then closes every session. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    do {
      if (this.#queue.size + this.#inFlight.size > 0) await new Promise<void>((idle) => (this.#onIdle = idle));
      // A lookup that has its first answer may ask once more, within this turn (Resolver, AliasDepth).
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#queue.size + this.#inFlight.size > 0);
    this.#isClosed = true;
    clearTimeout(this.#ticker);
    await this.#sessions.close();
  }

  // Lookups that arrive in one turn of the event loop go together; a lookup that comes alone waits for no other.
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const session of this.#sessions.withRoom()) {
      if (this.#queue.size === 0) return;
      // One that is at work can take more, and a further one is better.
      if (session.underWay > 0) this.#sessions.grow(this.#queue.size);
      const taken = this.#queue.take();
      if (taken.length > 0) void this.#serve(session, taken);
    }
    if (this.#queue.size === 0) return;
    if (this.hosts.preferred() === undefined) this.#refuseAll(unavailable(this.hosts.reason()));
    else this.#sessions.grow(this.#queue.size);
  }

  async #serve(pooled: PooledSession<S>, taken: readonly Taken<L>[]): Promise<void> {
    const waiting = taken.map((one) => one.waiting);
    pooled.underWay++;
    for (const one of waiting) {
      if (pooled.number > one.doubtedUpTo) one.tries++;
      this.#inFlight.add(one);
    }
    try {
      const lookups = taken.map(({ lookup }) => lookup);
      await this.#options.serve(pooled.session, lookups, (index, outcome) => {
        this.hosts.noteAnswer(pooled.host);
        const one = waiting[index] as Waiting<L>;
        if (outcome instanceof SourceError) this.#reject(one, outcome);
        else this.#resolve(one, outcome);
      });
    } catch (error) {
      this.#broken(pooled, waiting, error);
    } finally {
      pooled.underWay--;
      for (const one of waiting) this.#inFlight.delete(one);
      this.#doneWaiting();
      // Else nobody wants the session; to a host that is not preferred any more it is given up.
      if (this.#queue.size > 0 || pooled.host !== this.hosts.preferred()) this.#schedule();
    }
  }

  /** Decides about lookups whose session is of no more use, or that met a bug. */
  #broken(pooled: PooledSession<S>, waiting: readonly Waiting<L>[], error: unknown): void {
    const reason = error instanceof SessionError ? error.message : "unexpected answer";
    this.#sessions.discard(pooled, reason);
    // The host is there, and does not take our statements: another one may.
    if (error instanceof SessionError && error.kind === "refused") this.hosts.takeOut(pooled.host, reason);
    const again: Waiting<L>[] = [];
    for (const one of waiting) {
      one.doubtedUpTo = this.#sessions.newest;
      if (!(error instanceof SessionError)) this.#reject(one, error);
      else if (error.kind === "timeout") this.#reject(one, new SourceError("ERR_SOURCE_TIMEOUT", reason));
      else if (one.tries >= maxTries) this.#reject(one, unavailable(`${pooled.host.name}: ${reason}`, error));
      else again.push(one);
    }
    this.#queue.putBack(again.filter(({ isSettled }) => !isSettled));
  }

  #resolve(waiting: Waiting<L>, findings: Cells): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    waiting.resolve(findings);
  }

  #reject(waiting: Waiting<L>, error: unknown): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    if (error instanceof SourceError && error.code === "ERR_SOURCE_SQL") this.#options.onRefused();
    waiting.reject(error);
  }

  #refuseAll(error: SourceError): void {
    for (const waiting of this.#queue.takeAll()) this.#reject(waiting, error);
    this.#doneWaiting();
  }

  #tick(): void {
    // By the next tick their time is up; the lookup is to end before its deadline, not after it.
    const nowMs = this.#options.clock.nowMs() + tickMs;
    for (const waiting of this.#queue.takeExpired(nowMs)) this.#reject(waiting, late("waiting for a connection"));
    for (const waiting of this.#inFlight) {
      if (waiting.deadlineMs <= nowMs) this.#reject(waiting, late("waiting for the database"));
    }
    this.#ticker = undefined;
    if (this.#queue.size + this.#inFlight.size > 0) this.#ticker = setTimeout(() => this.#tick(), tickMs);
    else this.#doneWaiting();
    // A host that turned a connection away may take one now.
    this.#schedule();
  }

  #doneWaiting(): void {
    if (this.#queue.size + this.#inFlight.size === 0) this.#onIdle?.();
  }
}

function unavailable(reason: string, cause?: unknown): SourceError {
  return new SourceError("ERR_SOURCE_UNAVAILABLE", `no database host: ${reason}`, { cause });
}

function late(doing: string): SourceError {
  return new SourceError("ERR_SOURCE_TIMEOUT", `the lookup's deadline passed while ${doing}`);
}
