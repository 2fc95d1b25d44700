/** Measures again what the hypervisor disturbed: on a shared machine a neighbour can take a processor away for seconds. */
import { readFileSync } from "node:fs";
import { type Contestant, type Entry, interleave } from "./statistics.ts";

/** Clock ticks of all processors so far, and those of them that the hypervisor gave to others. */
interface ProcessorTimes {
  readonly all: number;
  readonly stolen: number;
}

// Below it, what was stolen is within the noise of everything else.
const tolerableShare = 0.03;
const maxTries = 4;

/** How often it was measured, and how often it had to be done again. */
export const disturbances = { measured: 0, repeated: 0 };

/** Measures contestants in turns, each undisturbed. */
export function inTurns(contestants: readonly Contestant[], repetitions: number): Promise<Entry[]> {
  const calm = contestants.map((contestant) => undisturbed(contestant));
  return interleave(calm, repetitions);
}

/**
 * Has a contestant measured up to four times, until less than 3 % of the processors' time was stolen meanwhile; the last
 * measurement counts.
 */
export function undisturbed({ name, measure }: Contestant, readTimes = processorTimes): Contestant {
  return {
    name,
    async measure(repetition) {
      disturbances.measured++;
      for (let tries = 1; ; tries++) {
        const before = readTimes();
        const sample = await measure(repetition);
        const after = readTimes();
        const share = (after.stolen - before.stolen) / Math.max(after.all - before.all, 1);
        if (share <= tolerableShare || tries === maxTries) return sample;
        disturbances.repeated++;
      }
    },
  };
}

/** See proc(5), /proc/stat. */
function processorTimes(): ProcessorTimes {
  const [first = ""] = readFileSync("/proc/stat", "latin1").split("\n");
  // user nice system idle iowait irq softirq steal; guest times are in user and nice already.
  const ticks = first.split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, part) => sum + part, 0), stolen: ticks[7] ?? 0 };
}
