/** A daemon as the sidecar sees it, without one: SidecarDeps that a test can set to any state. */
import type { CacheState } from "../../../src/cache/answers.ts";
import { type Explanation, explain } from "../../../src/lookup/explain.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import type { FlushSelector } from "../../../src/model/flush.ts";
import type { FollowState } from "../../../src/model/listing.ts";
import { protocolsOf } from "../../../src/protocol/map-protocols.ts";
import type {
  CacheDescription,
  ExplainQuery,
  ListedAddresses,
  ListQuery,
  Readiness,
  SidecarDeps,
} from "../../../src/sidecar/deps.ts";
import { Metrics } from "../../../src/telemetry/exposition.ts";
import type { HistoryMoment } from "../../../src/telemetry/history.ts";
import type { RecentError } from "../../../src/telemetry/recent-errors.ts";
import type { DatedRefusal } from "../../../src/telemetry/refusals.ts";
import { fakeDatabase, fakeLog } from "./fakes.ts";

/** The token of a fake daemon. */
export const adminToken = "correct-horse-battery-staple";

/** A daemon with one map, one source of two hosts and two listeners; everything up, until a test changes it. */
export class FakeDaemon implements SidecarDeps {
  readonly version = "0.1.0";
  readonly startedAt = new Date("2026-11-24T06:00:00.000Z");
  readonly log = fakeLog();
  readonly metrics = new Metrics({ version: "0.1.0", node: "v20.20.2" });
  timeMs = Date.parse("2026-11-24T08:00:00.000Z");
  configuredToken: string | undefined = adminToken;
  isReady = true;
  isSourceUp = true;
  isServingStale = false;
  areListenersBound = true;
  following: FollowState | undefined;
  errors: RecentError[] = [];
  moments: readonly HistoryMoment[] = [];
  readonly flushes: { selector: FlushSelector; map: string | undefined }[] = [];
  flushed = 3;
  readonly explained: ExplainQuery[] = [];
  explanation: () => object | Promise<object> = () => aliceExplained;
  entries = { positive: 1204, negative: 87 };
  staleEntries = 12;

  constructor() {
    this.metrics.lookup("senders", "socketmap");
    this.metrics.watchSource("mail", () => this.#health());
    this.metrics.watchCache("senders", () => ({ ...this.entries, bytes: 500_000 }));
    this.metrics.cache("senders");
    this.metrics.source("mail");
    this.metrics.listener("inet:127.0.0.1:9000");
    this.metrics.listener("inet:127.0.0.1:9001");
  }

  token(): string | undefined {
    return this.configuredToken;
  }

  now(): Date {
    return new Date(this.timeMs);
  }

  hostNames(): readonly string[] {
    return ["mail.example.com"];
  }

  recentErrors(): readonly RecentError[] {
    return this.errors;
  }

  history(): readonly HistoryMoment[] {
    return this.moments;
  }

  refusals(): readonly DatedRefusal[] {
    return this.metrics.refusals.list();
  }

  maps(): readonly string[] {
    return ["senders"];
  }

  readiness(): Readiness {
    return {
      isReady: this.isReady,
      listeners: [
        { name: "inet:127.0.0.1:9000", isBound: this.areListenersBound },
        { name: "inet:127.0.0.1:9001", isBound: this.areListenersBound },
      ],
      sources: [
        {
          name: "mail",
          health: this.#health(),
          isServingStale: this.isServingStale,
          ...(this.following && { following: this.following }),
        },
      ],
    };
  }

  readonly cache = {
    describe: (): readonly CacheDescription[] => {
      const { requests, evictions, flushed } = this.metrics.cache("senders");
      return [
        {
          map: "senders",
          source: "mail",
          entries: this.entries,
          staleEntries: this.staleEntries,
          limits: { positive: 100_000, negative: 20_000 },
          ttlMs: 60_000,
          negativeTtlMs: 30_000,
          staleIfErrorMs: 3_600_000,
          requests,
          evictions,
          flushed,
        },
      ];
    },
    flush: async (selector: FlushSelector, map: string | undefined): Promise<number> => {
      this.flushes.push({ selector, map });
      return this.flushed;
    },
  };

  readonly lists: ListQuery[] = [];
  listing: () => ListedAddresses = () => ({
    map: "senders",
    isComplete: true,
    addresses: [
      { key: "alice@example.com", login: "alice@example.com", kind: "address" },
      { key: "@example.com", login: "alice@example.com", kind: "catch-all" },
    ],
  });

  async list(query: ListQuery): Promise<ListedAddresses> {
    this.lists.push(query);
    return this.listing();
  }

  async explain(query: ExplainQuery): Promise<object> {
    this.explained.push(query);
    return this.explanation();
  }

  #health() {
    const reason = this.isSourceUp ? "" : "connection refused";
    const endpoints = ["inet:10.0.0.5:3306", "inet:10.0.0.6:3306"];
    return {
      isUp: this.isSourceUp,
      reason: this.isSourceUp ? "" : endpoints.map((endpoint) => `${endpoint}: ${reason}`).join("; "),
      hosts: endpoints.map((endpoint) => ({ endpoint, isUp: this.isSourceUp, reason })),
    };
  }
}

const aliceRows = {
  "alice@example.com": "alice@example.com",
  "domain example.com": "catchall@example.com",
  "grant alice+lists@example.com": "postmaster@example.com",
};

/** What a daemon says of alice+lists@example.com, for the login bob who does not own it: made as a daemon makes it. */
export const aliceExplained: Explanation & { readonly cache: CacheState } = {
  ...(await explain(
    new Resolver(fakeDatabase(aliceRows), { recipientDelimiter: "+", localDomains: new Set() }),
    {
      map: "senders",
      sources: ["mail"],
      combine: "first",
      address: "Alice+lists@example.com",
      login: "bob@example.com",
      carriers: protocolsOf("senders", [
        { protocol: "socketmap", map: undefined },
        { protocol: "tcp_table", map: "senders" },
      ]),
    },
    0,
  )),
  cache: { state: "hit", ageMs: 1234 },
};
