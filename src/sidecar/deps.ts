/**
 * Everything that the sidecar knows of the daemon.
 *
 * It looks on and passes orders: no lookup, cache or source is reached but through these interfaces, and what they say of
 * mail is shown as it comes.
 */
import type { FlushSelector } from "../model/flush.ts";
import type { FollowState, ListedKind } from "../model/listing.ts";
import type { Log } from "../model/log.ts";
import type { SourceHealth } from "../model/source.ts";
import type { HistoryMoment } from "../telemetry/history.ts";
import type { RecentError } from "../telemetry/recent-errors.ts";
import type { DatedRefusal } from "../telemetry/refusals.ts";
import type { Snapshot } from "../telemetry/totals.ts";

/** Whether Postfix should be sent here. */
export interface Readiness {
  /** Every listener is bound, and every source is up or its stale answers are being served; false while draining. */
  readonly isReady: boolean;
  readonly listeners: readonly { readonly name: string; readonly isBound: boolean }[];
  readonly sources: readonly {
    readonly name: string;
    readonly health: SourceHealth;
    readonly isServingStale: boolean;
    /** How following it fares; absent when it is not followed. */
    readonly following?: FollowState;
  }[];
}

/** The cache of one map, as an administrator wants to see it. */
export interface CacheDescription {
  readonly map: string;
  /** The source that answers the map; several are joined with `, `. */
  readonly source: string;
  /** Only when there are several: the same as a list, in the order in which they are asked. */
  readonly sources?: readonly string[];
  /** Answers held now: addresses with owners, addresses without. */
  readonly entries: Readonly<Record<"positive" | "negative", number>>;
  /** How many of those have outlived their lifetime and are kept for when the source fails. */
  readonly staleEntries: number;
  readonly limits: Readonly<Record<"positive" | "negative", number>>;
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly staleIfErrorMs: number;
  /** As `loginmapd_cache_requests_total` counts them. */
  readonly requests: Readonly<Record<string, number>>;
  readonly evictions: Readonly<Record<"positive" | "negative", number>>;
  readonly flushed: number;
}

/** What is explained of a lookup. */
export interface ExplainQuery {
  /** As the client would send it; it may be no address at all. */
  readonly address: string;
  /** The SASL login whose verdicts are wanted; `null` = those for a client that is not logged in; `undefined` = none. */
  readonly login: string | null | undefined;
  /** A name that `maps()` lists; `undefined` = the map that `loginmapd lookup` takes by default. */
  readonly map: string | undefined;
}

/** What is listed. */
export interface ListQuery {
  readonly login?: string | undefined;
  readonly domain?: string | undefined;
  /** A name that `maps()` lists; `undefined` = the default one. */
  readonly map?: string | undefined;
}

/** What somebody may send as. */
export interface ListedAddresses {
  readonly map: string;
  /** Whether it is all that there is. */
  readonly isComplete: boolean;
  readonly addresses: readonly {
    readonly key: string;
    readonly login: string;
    readonly kind: ListedKind;
    /** Where the map has several. */
    readonly source?: string;
  }[];
}

/** The daemon, as the sidecar sees it. Everything is read anew for each request, so a reload needs no restart of it. */
export interface SidecarDeps {
  readonly version: string;
  readonly startedAt: Date;
  /** The time of day. */
  now(): Date;
  readonly log: Log;
  /** The bearer token; `undefined` when none is configured, and then nothing is changed or revealed. */
  token(): string | undefined;
  /**
   * Names by which a browser may call the sidecar, besides `localhost` and IP addresses: the host of `admin.endpoint` and
   * that of the machine. See host-check.ts.
   */
  hostNames(): readonly string[];
  readonly metrics: { text(): Promise<string>; readonly contentType: string; snapshot(): Snapshot };
  recentErrors(): readonly RecentError[];
  /** What was counted over the last minutes, the earliest first. */
  history(): readonly HistoryMoment[];
  /** The last messages that the milter refused, or would have, the latest first. */
  refusals(): readonly DatedRefusal[];
  readiness(): Readiness;
  /** The names of the maps. */
  maps(): readonly string[];
  readonly cache: {
    describe(): readonly CacheDescription[];
    /**
     * @param map a name that `maps()` lists; `undefined` = every map
     * @returns how many answers went
     * @throws {HttpError} ERR_HTTP_SNAPSHOT when they are gone from memory, but a restart may bring them back
     */
    flush(selector: FlushSelector, map: string | undefined): Promise<number>;
  };
  /**
   * Explains a lookup, asking the source. The document is what `loginmapd lookup --json` prints, plus the cache state.
   *
   * @throws {SourceError} only when not even an explanation can be given; that a lookup fails is part of the document
   */
  explain(query: ExplainQuery): Promise<object>;
  /**
   * Lists what somebody may send as, asking the sources.
   *
   * @throws {SourceError} when a source cannot be listed
   */
  list(query: ListQuery): Promise<ListedAddresses>;
}
