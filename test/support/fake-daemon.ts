/** A daemon as the sidecar sees it, without one: SidecarDeps that a test can set to any state. */
import type { CacheState } from "../../src/cache/cached-source.ts";
import type { Explanation } from "../../src/lookup/explain.ts";
import type { CacheDescription, ExplainQuery, FlushSelector, Readiness, SidecarDeps } from "../../src/sidecar/deps.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import type { RecentError } from "../../src/telemetry/recent-errors.ts";
import { fakeLog } from "./fakes.ts";

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
  errors: RecentError[] = [];
  readonly flushes: { selector: FlushSelector; map: string | undefined }[] = [];
  flushed = 3;
  readonly explained: ExplainQuery[] = [];
  explanation: () => object | Promise<object> = () => aliceExplained;
  entries = { positive: 1204, negative: 87 };
  staleEntries = 12;

  constructor() {
    this.metrics.lookup("senders", "socketmap");
    this.metrics.watchSource("mail", () => this.#health());
    this.metrics.watchCache("senders", () => this.entries);
    this.metrics.cache("senders");
    this.metrics.source("mail");
    this.metrics.listener("socketmap inet:127.0.0.1:9000");
    this.metrics.listener("tcp_table inet:127.0.0.1:9001");
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

  maps(): readonly string[] {
    return ["senders"];
  }

  readiness(): Readiness {
    return {
      isReady: this.isReady,
      listeners: [
        { name: "socketmap inet:127.0.0.1:9000", isBound: this.areListenersBound },
        { name: "tcp_table inet:127.0.0.1:9001", isBound: this.areListenersBound },
      ],
      sources: [{ name: "mail", health: this.#health(), isServingStale: this.isServingStale }],
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
    flush: (selector: FlushSelector, map: string | undefined): number => {
      this.flushes.push({ selector, map });
      return this.flushed;
    },
  };

  async explain(query: ExplainQuery): Promise<object> {
    this.explained.push(query);
    return this.explanation();
  }

  #health() {
    const reason = this.isSourceUp ? "" : "connect ECONNREFUSED 10.0.0.5:3306";
    return {
      isUp: this.isSourceUp,
      reason,
      hosts: [
        { endpoint: "inet:10.0.0.5:3306", isUp: this.isSourceUp, reason },
        { endpoint: "inet:10.0.0.6:3306", isUp: this.isSourceUp, reason },
      ],
    };
  }
}

/** What a daemon says of alice+lists@example.com, for the login bob who does not own it. */
export const aliceExplained = {
  map: "senders",
  source: "mail",
  address: "Alice+lists@example.com",
  key: "alice+lists@example.com",
  outcome: "ok",
  owners: ["alice@example.com", "postmaster@example.com"],
  asks: [
    { role: "address", key: "alice+lists@example.com", owners: [], won: false },
    { role: "address", key: "alice@example.com", owners: ["alice@example.com"], won: true },
    { role: "domain", key: "@example.com", owners: ["catchall@example.com"], won: false },
    { role: "grant", key: "alice+lists@example.com", owners: ["postmaster@example.com"], won: true },
  ],
  login: "bob@example.com",
  verdicts: [
    {
      restriction: "reject_authenticated_sender_login_mismatch",
      code: 553,
      text: "5.7.1 <Alice+lists@example.com>: Sender address rejected: not owned by user bob@example.com",
    },
    { restriction: "reject_unauthenticated_sender_login_mismatch", code: 250, text: "Ok" },
    {
      restriction: "reject_sender_login_mismatch",
      code: 553,
      text: "5.7.1 <Alice+lists@example.com>: Sender address rejected: not owned by user bob@example.com",
    },
    {
      restriction: "reject_known_sender_login_mismatch",
      code: 553,
      text: "5.7.1 <Alice+lists@example.com>: Sender address rejected: not owned by user bob@example.com",
    },
  ],
  cache: { state: "hit", ageMs: 1234 },
} satisfies Explanation & { cache: CacheState };
