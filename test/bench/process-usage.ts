/** What a process has used, from /proc (proc(5)). */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** CPU time and memory of one process. */
export interface ProcessUsage {
  /** User and system time of all its threads since it started. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Reads usage; made once, since the length of a clock tick and of a page are asked of `getconf`. */
export class UsageReader {
  readonly #msPerTick = 1000 / configuration("CLK_TCK");
  readonly #pageBytes = configuration("PAGESIZE");

  /**
   * Reads what a process has used so far: to the microsecond as long as all its threads live, as Node's do, else to one clock tick
   * (10 ms on Linux).
   *
   * @throws when there is no such process
   */
  read(pid: number): ProcessUsage {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the name in brackets and may hold anything; utime, stime and rss are fields 14, 15 and 24.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const inTicksMs = (Number(fields[11]) + Number(fields[12])) * this.#msPerTick;
    return { cpuMs: Math.max(inTicksMs, ofThreadsMs(pid)), rssBytes: Number(fields[21]) * this.#pageBytes };
  }
}

// Nanoseconds on a processor are the first field of schedstat; `node --eval 0` takes no more than six ticks.
function ofThreadsMs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  const times = readdirSync(folder).map((thread) => readFileSync(`${folder}/${thread}/schedstat`, "latin1"));
  return times.reduce((ms, time) => ms + Number.parseInt(time, 10) / 1e6, 0);
}

function configuration(name: string): number {
  return Number(execFileSync("getconf", [name], { encoding: "utf8" }));
}
