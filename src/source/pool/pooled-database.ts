/**
 * What every source behind a pool of sessions has in common, whatever is asked on them: how its hosts fare, that they are looked
 * after while nobody asks, sessions apart from those of lookups, and the end.
 */
import type { Ask, Cells, KeyForm, Role } from "../../model/keys.ts";
import type { Listing } from "../../model/listing.ts";
import type { Endpoint } from "../../model/settings.ts";
import type { Database, QueryReport, RowProof, SourceHealth } from "../../model/source.ts";
import { type DatabaseDependencies, lookAfterIntervalMs } from "../database.ts";
import { HostedDomains } from "../hosted-domains.ts";
import type { OpenSession, Session } from "../session.ts";
import { Dispatcher, type DispatcherOptions } from "./dispatcher.ts";
import type { Batchable } from "./queue.ts";
import type { SessionsOptions } from "./sessions.ts";

/** Where the servers are, and how much of them may be used. */
export interface PoolSettings {
  /** Tried in order, unix sockets first. */
  readonly hosts: readonly Endpoint[];
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
}

/** What is particular to the lookups of a kind of source. */
export interface PoolUse<S extends Session, L extends Batchable>
  extends Pick<DispatcherOptions<S, L>, "maxArms" | "serve" | "onRefused">,
    Pick<SessionsOptions<S>, "open" | "prepare" | "batchesPerSession"> {}

/**
 * Opens a session for the caller alone, on which a statement or a search may take that long; gives up when the signal fires.
 *
 * @throws {SourceError}
 */
export type OpenApart<S extends Session> = (queryTimeoutMs: number, signal?: AbortSignal) => Promise<S>;

/** A source that is reached by a pool of sessions. */
export abstract class PooledDatabase<S extends Session, L extends Batchable> implements Database {
  readonly name: string;
  abstract readonly keyForm: KeyForm;
  abstract readonly roles: ReadonlySet<Role>;
  abstract readonly rowProof: RowProof | undefined;
  abstract readonly listing: Listing | undefined;
  protected readonly dispatcher: Dispatcher<S, L>;
  readonly #deps: DatabaseDependencies;
  readonly #connectTimeoutMs: number;
  readonly #hosted: HostedDomains;
  #looking: NodeJS.Timeout | undefined;

  /** Connects to nothing yet. */
  constructor(name: string, settings: PoolSettings, use: PoolUse<S, L>, deps: DatabaseDependencies) {
    const { clock, log, maxWaitingLookups, random = Math.random } = deps;
    const { open, prepare, batchesPerSession = 1, ...asked } = use;
    this.name = name;
    this.#deps = deps;
    this.#connectTimeoutMs = settings.connectTimeoutMs;
    this.#hosted = new HostedDomains(name, log);
    this.dispatcher = new Dispatcher({
      sessions: { source: name, ...settings, open, prepare, batchesPerSession, log, random },
      clock,
      maxWaitingLookups,
      ...asked,
    });
  }

  abstract find(asks: readonly Ask[], deadlineMs: number): Cells | Promise<Cells>;

  async hostedDomains(deadlineMs: number): Promise<ReadonlySet<string> | undefined> {
    const cells = await this.readDomains(deadlineMs);
    return cells === undefined ? undefined : this.#hosted.read(cells);
  }

  health(): SourceHealth {
    const { hosts } = this.dispatcher;
    const isUp = hosts.isAnyUp;
    return { isUp, reason: isUp ? "" : hosts.reason(), hosts: hosts.health() };
  }

  async report(deadlineMs: number): Promise<readonly QueryReport[]> {
    const session = await this.dispatcher.openApart(deadlineMs);
    try {
      return await this.reportOn(session);
    } finally {
      await session.end();
    }
  }

  async lookAfter(): Promise<void> {
    if (this.dispatcher.isClosing) return;
    this.#looking ??= setInterval(() => void this.dispatcher.lookAfter(), lookAfterIntervalMs).unref();
    await this.dispatcher.lookAfter();
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.dispatcher.close();
  }

  /** Opens a session for the caller alone, of a kind of its own, within the time for a connection or until the signal fires. */
  protected openApart(open: OpenSession<S>, signal?: AbortSignal): Promise<S> {
    return this.dispatcher.openApart(this.#deps.clock.nowMs() + this.#connectTimeoutMs, open, signal);
  }

  /** Reads the names of the hosted domains; `undefined` when nothing lists them. @throws {SourceError} */
  protected abstract readDomains(deadlineMs: number): Promise<readonly string[] | undefined>;

  /** Says how the server takes each query. @throws {SessionError} when the session breaks */
  protected abstract reportOn(session: S): Promise<readonly QueryReport[]>;
}
