import { afterEach, beforeEach, expect, test } from "vitest";
import { Signals } from "../../../src/daemon/signals.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";

const taken = ["SIGHUP", "SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"] as const;
let before: Map<string, NodeJS.SignalsListener[]>;
let signals: Signals;
let log: ReturnType<typeof fakeLog>;
let reloads: number;
let end: () => void;

beforeEach(() => {
  before = new Map(taken.map((signal) => [signal, process.listeners(signal) as NodeJS.SignalsListener[]]));
  for (const signal of taken) process.removeAllListeners(signal);
  log = fakeLog();
  signals = new Signals(log);
  reloads = 0;
  end = () => {};
});

afterEach(() => {
  for (const [signal, listeners] of before) {
    process.removeAllListeners(signal);
    for (const listener of listeners) process.on(signal, listener);
  }
});

/** A reload that lasts until `end` is called. */
function reload(): Promise<void> {
  reloads++;
  return new Promise((resolve) => {
    end = resolve;
  });
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test("reloads one after the other, and once for what came before there was anything to reload", async () => {
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  await settle();
  signals.onReload(reload);
  await settle();
  expect(reloads).toBe(1);
  process.emit("SIGHUP");
  await settle();
  expect(reloads).toBe(1);
  end();
  await settle();
  expect(reloads).toBe(2);
});

test("reloads no more once it is told to stop, and stops without waiting for a reload", async () => {
  signals.onReload(reload);
  process.emit("SIGHUP");
  process.emit("SIGHUP");
  await settle();
  process.emit("SIGTERM");
  await signals.stopped;
  end();
  process.emit("SIGHUP");
  await settle();
  expect(reloads).toBe(1);
});

test("a signal that Node has a meaning for has none", () => {
  process.emit("SIGUSR1");
  process.emit("SIGUSR2");
  expect(log.lines.map(({ fields }) => fields["signal"])).toHaveLength(2);
});
