import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Signals } from "../../../src/daemon/signals.ts";
import { fakeLog } from "../../support/fakes/fakes.ts";

const names = ["SIGHUP", "SIGTERM", "SIGINT"] as const;
const exited = new Error("exit");
let before: Map<string, readonly unknown[]>;

beforeEach(() => {
  before = new Map(names.map((name) => [name, process.listeners(name)]));
  vi.spyOn(process, "exit").mockImplementation(() => {
    throw exited;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const name of names) {
    for (const listener of process.listeners(name)) {
      if (!before.get(name)?.includes(listener)) process.off(name, listener);
    }
  }
});

/** Delivers a signal to this object alone, as the system would. */
function deliver(name: (typeof names)[number]): void {
  for (const listener of process.listeners(name)) {
    if (!before.get(name)?.includes(listener)) (listener as (signal: string) => void)(name);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a reload that was asked for before the daemon could, happens once it can", async () => {
  const signals = new Signals(fakeLog());
  deliver("SIGHUP");
  deliver("SIGHUP");
  let reloads = 0;
  signals.onReload(() => {
    reloads++;
    return Promise.resolve();
  });
  await turn();
  expect(reloads).toBe(1);
});

test("reloads come one after the other", async () => {
  const signals = new Signals(fakeLog());
  const ends: (() => void)[] = [];
  signals.onReload(() => new Promise((resolve) => ends.push(resolve)));
  deliver("SIGHUP");
  deliver("SIGHUP");
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await turn();
  expect(ends).toHaveLength(2);
});

test("nothing is reloaded any more once the process stops", async () => {
  const signals = new Signals(fakeLog());
  let reloads = 0;
  signals.onReload(() => {
    reloads++;
    return Promise.resolve();
  });
  deliver("SIGTERM");
  deliver("SIGHUP");
  await signals.stopped;
  await turn();
  expect(reloads).toBe(0);
});

test.each(["SIGTERM", "SIGINT"] as const)("a second signal ends the process at once: %s", async (second) => {
  const log = fakeLog();
  const signals = new Signals(log);
  deliver("SIGTERM");
  await signals.stopped;
  expect(() => deliver(second)).toThrow(exited);
  expect(process.exit).toHaveBeenCalledWith(0);
  expect(log.lines.map(({ message }) => message)).toEqual(["second signal: exiting at once"]);
});
