/** Reads the clocks of the machine. */
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Moment } from "../model/clock.ts";

/** The present moment. */
export function currentMoment(): Moment {
  return { wallMs: Date.now(), uptimeMs: Math.floor(uptime() * 1000), bootId: readBootId() };
}

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // No Linux: then the time of day is the only clock that two processes share.
    return "";
  }
}
