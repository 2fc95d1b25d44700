/** What the load generator is told to do, and what it measured: the messages between it and the bench. */
import type { ProtocolName } from "../../src/model/query.ts";
import type { Workload } from "./workload.ts";

/** Where a server listens: the path of a unix socket, or a port on 127.0.0.1. */
export type Target = { readonly path: string } | { readonly port: number };

/** One run. */
export interface LoadJob {
  readonly target: Target;
  readonly protocol: ProtocolName;
  readonly workload: Workload;
  /** Whether the server answers `constantReply` to everything. */
  readonly isConstant: boolean;
  readonly connections: number;
  /** Ask every key once before anything is measured. */
  readonly askAllFirst: boolean;
  /** Then load without measuring. */
  readonly warmMs: number;
  /** Then measure. 0 = only ask all. */
  readonly measureMs: number;
  /**
   * Open loop: this many lookups per second in all, at exponential intervals, however slow the server is. Latency then
   * counts from the moment a lookup was due, so a stalled server is not spared the lookups that it delayed. Absent =
   * closed loop: each connection asks again when it has its reply.
   */
  readonly ratePerSecond?: number;
  /** Lookups after which a connection is closed and opened again; the next lookup's latency includes that. */
  readonly churnAfter?: number;
  /** The server, for its CPU time. */
  readonly pid: number;
  readonly seed: number;
}

/** What a run measured. */
export interface LoadResult {
  /** Replies while it was measured. */
  readonly lookups: number;
  /** Replies in all, from the first. */
  readonly asked: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** CPU time of the server per lookup. */
  readonly cpuUs: number;
  /** CPU time of this process per lookup. */
  readonly generatorCpuUs: number;
  /** The server's at the end. */
  readonly rssBytes: number;
  /** Replies that were not the right one. */
  readonly wrong: number;
  /** Connections that were refused, or broke with a query in flight. */
  readonly broken: number;
  /** The first wrong reply or error, for people. */
  readonly firstFault: string;
}
