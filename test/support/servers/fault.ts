/**
 * Faults of a database under load, and what each cost: what may never happen fails the test, the rest is shown in a table.
 *
 * Cached answers live for a fraction of a second, so that during a fault they are served stale or not at all.
 */
import { expect } from "vitest";
import { waitUntil } from "../wait.ts";
import { Load, type Question } from "../wire/load.ts";
import type { Mariadb } from "./mariadb.ts";
import { type ConfigSections, type Stage, type StageOptions, startStage } from "./stage.ts";

const lookupTimeoutMs = 2000;
// One coarse timer ends lookups, in the daemon.
const tickMs = 500;
const ttlMs = 300;
// An outage lasts that long at least: every cached answer expires several times over.
const outageMs = 1000;

/** The addresses that were asked before the fault, and their owners. */
const known: readonly Question[] = [
  { key: "alice@example.com", kind: "cached", answer: "OK alice@example.com" },
  { key: "sales@example.com", kind: "cached", answer: "OK alice@example.com,bob@example.com" },
  { key: "bob+news@example.com", kind: "cached", answer: "OK bob@example.com" },
  { key: "erin@catch.example", kind: "cached", answer: "OK erin@catch.example" },
  { key: "nobody@example.com", kind: "cached", answer: "NOTFOUND " },
  { key: "dave@example.com", kind: "cached", answer: "NOTFOUND " },
  { key: "somebody@elsewhere.example", kind: "cached", answer: "NOTFOUND " },
];

/** Asks what is cached most of the time, and else an address that was never asked: one with an owner, one without. */
export function questions(): () => Question {
  let count = 0;
  return () => {
    count++;
    if (count % 4 === 1) return { key: `new${count}@catch.example`, kind: "uncached", answer: "OK erin@catch.example" };
    if (count % 4 === 3) return { key: `new${count}@example.com`, kind: "uncached", answer: "NOTFOUND " };
    return known[count % known.length] as Question;
  };
}

/** What a fault cost; a row of the table. */
export interface Cost {
  readonly fault: string;
  readonly answers: number;
  readonly wrong: number;
  readonly late: number;
  /** Connections that ended without an answer. */
  readonly lost: number;
  readonly "451 cached": number;
  readonly "451 uncached": number;
  /** Answers served after their lifetime. */
  readonly stale: number;
  readonly "slowest ms": number;
  /** From the end of the fault to the last failure of an uncached address; 0 when there was none. */
  readonly "recovery ms": number;
  /** What a busy machine may have added to a time. */
  readonly "allowance ms": number;
}

/** A fault, as it is injected and taken away. */
export interface Fault {
  readonly name: string;
  readonly options?: StageOptions;
  /** Breaks it, waits until the load has felt it, and mends it; resolves when all is whole again. */
  inject(stage: Stage, underLoad: () => Promise<unknown>): Promise<void>;
  /** Whether uncached addresses have to fail while the fault lasts: else none may. */
  readonly isOutage: boolean;
  /** Where a slow database must not be a failure, how long a lookup may take at least, however busy the machine. */
  readonly lookupTimeoutMs?: number;
}

/** Runs a fault on a stage of its own under load of eight clients, and gives what it cost. */
export async function costOf(fault: Fault): Promise<Cost> {
  const stage = await startStage({ ...fault.options, config: (mariadb) => configOf(fault, mariadb) });
  const load = loadOn(stage, fault.lookupTimeoutMs);
  try {
    load.start(8);
    await waitUntil("every known address to be asked", () => load.tally.answers > 500);
    expect(load.tally).toMatchObject({ wrong: [], late: [], failures: { cached: 0, uncached: 0 }, lost: 0 });
    load.reset();
    await fault.inject(stage, () => underFault(load, fault.isOutage));
    const mendedAt = performance.now();
    await waitUntil(
      "uncached addresses to be answered again",
      () => load.tally.lastUncachedAnswerAt > Math.max(mendedAt, load.tally.lastUncachedFailureAt + 500),
      60_000,
    );
    const stale = await stage.metric("loginmapd_cache_requests_total", { outcome: "stale" });
    await load.stop();
    await stage.stop();
    return toCost(fault.name, load, mendedAt, stale);
  } finally {
    await load.stop();
    await stage.daemon.kill();
    await stage.mariadb.remove();
  }
}

/** The configuration of a stage under load: short lifetimes, and what the fault wants on top. */
export function loadConfig(sections: ConfigSections = {}): ConfigSections {
  const { cache, ...rest } = sections as { cache?: object };
  return {
    limits: { lookup_timeout: `${lookupTimeoutMs}ms` },
    cache: { ttl: `${ttlMs}ms`, negative_ttl: `${ttlMs}ms`, stale_if_error: "1h", ...cache },
    ...rest,
  };
}

/** Starts the load that every fault meets. */
export function loadOn(stage: Stage, timeoutMs = lookupTimeoutMs): Load {
  return new Load(stage.ports.socketmap, questions(), timeoutMs + tickMs);
}

/** Waits until the load has felt a fault: it lasts that long and no longer. */
export async function underFault(load: Load, isOutage: boolean): Promise<void> {
  const before = load.tally.answers;
  const begun = performance.now();
  await waitUntil("the load to feel the fault", () =>
    isOutage
      ? load.tally.failures.uncached >= 8 && performance.now() - begun > outageMs
      : load.tally.answers > before + 200,
  );
}

/** Holds the load to what may never happen, and makes the row. */
export function toCost(fault: string, { tally, allowanceMs }: Load, mendedAt: number, stale: number): Cost {
  expect(tally.wrong).toEqual([]);
  expect(tally.late).toEqual([]);
  expect(tally.failedCached).toEqual([]);
  return {
    fault,
    answers: tally.answers,
    wrong: tally.wrong.length,
    late: tally.late.length,
    lost: tally.lost,
    "451 cached": tally.failures.cached,
    "451 uncached": tally.failures.uncached,
    stale,
    "slowest ms": Math.round(tally.slowestMs),
    "recovery ms": Math.max(0, Math.round(tally.lastUncachedFailureAt - mendedAt)),
    "allowance ms": Math.round(allowanceMs),
  };
}

function configOf({ options, lookupTimeoutMs: timeoutMs }: Fault, mariadb: Mariadb): ConfigSections {
  const sections = typeof options?.config === "function" ? options.config(mariadb) : options?.config;
  const config = loadConfig(sections);
  return timeoutMs === undefined ? config : { ...config, limits: { lookup_timeout: `${timeoutMs}ms` } };
}
