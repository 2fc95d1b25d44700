/** The two faces of a source: what the line of a lookup asks, and what stands behind it in the database. */
import type { Ask, Cells, KeyForm, Role } from "./keys.ts";
import type { Listing } from "./listing.ts";
import type { Answer, Nobody } from "./reply.ts";

/**
 * Answers who owns an address. The cache, the domain gate and the resolver are each one, wrapped around the next.
 */
export interface OwnerSource {
  /**
   * @param key the folded key (`foldKey`), never empty
   * @param deadlineMs when the client stops waiting, on the monotonic clock; work for it should end by then
   * @returns at once when memory holds the answer
   * @throws {SourceError} or rejects with one, when there is no answer
   */
  ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer>;
}

/** Stops addresses of domains that a source does not host, before it is asked. */
export interface Doorkeeper {
  /**
   * Tells why a key is not for the source; `undefined`: it may be. At once, unless what is known has to be read anew first.
   * Never rejects: what is not known is not refused.
   */
  refuses(key: string): Nobody | undefined | Promise<Nobody | undefined>;
  /** The same after the source was asked about a key and failed: by what was read last, however overdue, if it may be believed. */
  refusesAfter(error: unknown, key: string): Nobody | undefined;
}

/**
 * What shows that the answer to an address is of a row of its own, so that there are no more such answers than rows:
 * - `query`: the query compares the whole address.
 * - `owner`: the query may answer any number of addresses; of those that are among their own owners there are as many as logins.
 * - `none`: nothing, since what it gives may be made from what it was asked.
 */
export type RowProof = "query" | "owner" | "none";

/** One database that holds owners: a driver with the queries of a preset, of the configuration or of a `.cf` file. */
export interface Database {
  /** From the configuration, for logs and metrics; never from the wire. */
  readonly name: string;
  readonly keyForm: KeyForm;
  /** The roles that have a query; asks of other roles are not made. */
  readonly roles: ReadonlySet<Role>;
  /** Of the role `address`; `query` unless it says otherwise. */
  readonly rowProof?: RowProof | undefined;
  /**
   * Asks what a lookup needs to know at a time, in one round trip where the database can.
   *
   * @returns for each ask its cells, NULL and empty ones dropped, in the order of the database
   * @throws {SourceError} or rejects with one. Never answers in part.
   */
  find(asks: readonly Ask[], deadlineMs: number): Cells | Promise<Cells>;
  /**
   * Reads which domains the database hosts, lower case, A-labels.
   *
   * @returns `undefined` when it cannot tell (no such query), or when somebody may send as any domain whatever (a row `*`):
   *   then no address is foreign
   * @throws {SourceError}
   */
  hostedDomains(deadlineMs: number): Promise<ReadonlySet<string> | undefined>;
  /** How it is listed and how it signals changes; absent when it cannot be listed, so that nothing follows it. */
  readonly listing?: Listing | undefined;
  /** What is known of its hosts now, without asking them. */
  health(): SourceHealth;
  /**
   * Begins to look after the database while no lookup does, every few seconds until `close`, so that `health` is right without
   * traffic too: a load balancer that sends none has to learn that the database is back. Later calls only look once.
   *
   * @returns when it has been looked at once; never rejects, `health` has the outcome
   */
  lookAfter(): Promise<void>;
  /**
   * Prepares every query and asks the database how it would run it: `check --connect`.
   *
   * @throws {SourceError} ERR_SOURCE_UNAVAILABLE when the database cannot be reached
   */
  report(deadlineMs: number): Promise<readonly QueryReport[]>;
  /**
   * Keeps nothing of what was read before: the next lookup sees the database as it is now. Part of a flush and of a reload, for
   * drivers that hold a copy of something (a file that is open); others have nothing to do.
   */
  renew?(): void;
  /**
   * Lets the lookups under way end, also one that asks again as soon as it is answered, then closes every connection. Later
   * calls of `find` reject with ERR_SOURCE_CLOSED.
   */
  close(): Promise<void>;
}

/** What is known of a source without asking it. */
export interface SourceHealth {
  /** Whether the next lookup is expected to be answered. True before the first attempt or look. */
  readonly isUp: boolean;
  /** Why it is down, without credentials; empty when up. */
  readonly reason: string;
  readonly hosts: readonly HostHealth[];
}

/** One host of a source. */
export interface HostHealth {
  /** `inet:host:port`, `unix:/path` or the path of an SQLite file. */
  readonly endpoint: string;
  readonly isUp: boolean;
  readonly reason: string;
}

/** One finding of `loginmapd check --connect` about a query of a source. */
export interface QueryReport {
  /** The name of the query, a `QueryName`. */
  readonly query: string;
  /** Whether it could be prepared, and what the database said if not. */
  readonly error?: string;
  /** Tables that the query reads without an index, by EXPLAIN. Empty is what an administrator wants. */
  readonly fullScans: readonly string[];
  /** No client can see which indexes the server has: `notes` say which it should have. */
  readonly hasHiddenIndexes?: true;
  /** Whether no database is asked for it, so that there is no index to use. */
  readonly isInMemory?: true;
  /** What works, and not as the administrator may expect; one sentence each. */
  readonly notes?: readonly string[];
}
