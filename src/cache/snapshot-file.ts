/**
 * The file in which the cache survives a restart.
 *
 * JSON lines: a header, one line per answer, a last line that says how many there were, so that a file that was cut short is
 * known as such. Ages are kept, not dates: an answer is as old after the restart as the wall clock says.
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { toOwnerList } from "../model/owner-list.ts";
import { type Answer, absent, Found } from "../model/reply.ts";
import type { AgedAnswer } from "./cached-source.ts";

/** What is kept of the caches, by map. */
export interface SnapshotMap {
  readonly name: string;
  /** Tells whether the answers are still those of the map's source (`fingerprintOf`). */
  readonly fingerprint: string;
  readonly answers: Iterable<AgedAnswer>;
}

/** A snapshot that cannot be used; the cache starts empty. The message says why. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

const format = 1;
// A wall clock that went back further than this makes the ages meaningless.
const maxClockStepBackMs = 5 * 60_000;
// Lines per write: some 100 kB, so that the event loop is free between two of them.
const linesPerWrite = 1000;

/**
 * Writes a snapshot: to a new file beside `path` with mode 0600, synced, then renamed over it. An error leaves the old file.
 *
 * @param nowMs the wall clock
 * @returns how many answers were written
 */
export async function writeSnapshot(path: string, maps: readonly SnapshotMap[], nowMs: number): Promise<number> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    // A leftover of a crash may be somebody else's to read: the mode only counts for a file that is made now.
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", 0o600);
    let count = 0;
    try {
      const header = { format, savedAtMs: nowMs, maps: maps.map(({ name, fingerprint }) => ({ name, fingerprint })) };
      await file.write(`${JSON.stringify(header)}\n`);
      for (const lines of batches(maps)) {
        await file.write(lines.join(""));
        count += lines.length;
      }
      await file.write(`${JSON.stringify({ answers: count })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return count;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function* batches(maps: readonly SnapshotMap[]): Generator<string[]> {
  let lines: string[] = [];
  for (const [map, { answers }] of maps.entries()) {
    // Taken at once: the cache goes on changing between two writes.
    for (const { key, answer, ageMs } of [...answers]) {
      const owners = answer.kind === "ok" ? answer.owners.text : "";
      const isDerived = answer.kind === "ok" && answer.derived;
      lines.push(`${JSON.stringify([map, key, owners, isDerived ? 1 : 0, Math.round(ageMs)])}\n`);
      if (lines.length < linesPerWrite) continue;
      yield lines;
      lines = [];
    }
  }
  yield lines;
}

/**
 * Reads a snapshot.
 *
 * @param nowMs the wall clock
 * @returns the answers of each map whose fingerprint is the one in `wanted`; none when there is no file
 * @throws {SnapshotError} when the file is damaged, of another format, or from the future
 */
export async function readSnapshot(
  path: string,
  wanted: ReadonlyMap<string, string>,
  nowMs: number,
): Promise<Map<string, AgedAnswer[]>> {
  const restored = new Map<string, AgedAnswer[]>();
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new SnapshotError(`cannot read it: ${error.message}`, { cause: error });
  });
  if (text === undefined) return restored;
  const lines = text.split("\n");
  const header = parseHeader(lines[0] ?? "");
  const sinceMs = nowMs - header.savedAtMs;
  if (sinceMs < -maxClockStepBackMs) throw new SnapshotError("it was saved in the future; the clock went back");
  const answers = lines.slice(1, -2);
  if (parseLine(lines.at(-2) ?? "")?.["answers"] !== answers.length) throw new SnapshotError("it is cut short");
  const maps = header.maps.map(({ name, fingerprint }) => {
    if (wanted.get(name) !== fingerprint) return undefined;
    const list: AgedAnswer[] = [];
    restored.set(name, list);
    return list;
  });
  for (const line of answers) {
    const { map, aged } = parseAnswer(line, Math.max(0, sinceMs));
    maps[map]?.push(aged);
  }
  return restored;
}

interface Header {
  readonly savedAtMs: number;
  readonly maps: readonly { readonly name: string; readonly fingerprint: string }[];
}

function parseHeader(line: string): Header {
  const header = parseLine(line);
  if (header?.["format"] !== format) throw new SnapshotError("it is not a snapshot of this version");
  const { savedAtMs, maps } = header as Partial<Header>;
  const isComplete =
    typeof savedAtMs === "number" &&
    Array.isArray(maps) &&
    maps.every(({ name, fingerprint }) => typeof name === "string" && typeof fingerprint === "string");
  if (!isComplete) throw new SnapshotError("its first line is damaged");
  return { savedAtMs, maps };
}

function parseAnswer(line: string, sinceMs: number): { map: number; aged: AgedAnswer } {
  const fields: unknown = parseLine(line);
  if (!Array.isArray(fields)) throw new SnapshotError("a line is damaged");
  const [map, key, owners, isDerived, ageMs] = fields as unknown[];
  if (typeof map !== "number" || typeof key !== "string" || typeof owners !== "string" || typeof ageMs !== "number") {
    throw new SnapshotError("a line is damaged");
  }
  const list = toOwnerList([owners]);
  const answer: Answer = list === undefined ? absent : new Found(list, isDerived === 1);
  return { map, aged: { key, answer, ageMs: ageMs + sinceMs } };
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
