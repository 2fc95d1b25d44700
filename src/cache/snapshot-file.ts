/**
 * The file in which the cache survives a restart.
 *
 * JSON lines: a header, one line per answer, a last line with the hash of all before it, so that a file that was cut short or
 * changed is known as such. Ages are kept, not dates: an answer is as old after the restart as the clocks say, and never fresher.
 * The file never outlives a flush: it is removed by one, and a write under way is given up.
 */
import { createHash } from "node:crypto";
import { renameSync } from "node:fs";
import { open, rm, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { elapsedMs, type Moment } from "../model/clock.ts";
import { OwnerList, toOwnerList } from "../model/owner-list.ts";
import { type Answer, absent, Found } from "../model/reply.ts";
import type { AgedAnswer } from "./answers.ts";
import type { AgedDomains } from "./domain-gate.ts";

/** What a map remembers of its source. */
export interface Remembered {
  readonly answers: Iterable<AgedAnswer>;
  /** The hosted domains of each source of the map, in its order; `null` for one that does not tell them. */
  readonly domains: readonly (AgedDomains | null)[];
}

/** What is kept of one map. */
export interface SnapshotMap extends Remembered {
  readonly name: string;
  /** Tells whether the answers are still those of the map's source (`fingerprintsOf`). */
  readonly fingerprint: string;
}

/** What is taken back of one map. */
export interface RestoredMap extends Remembered {
  readonly answers: AgedAnswer[];
}

/** A snapshot that cannot be used, or not be removed; in the first case the cache starts empty. The message says why. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

const format = 4;
// Lines per write: some 100 kB, so that the event loop is free between two of them.
const linesPerWrite = 1000;

/**
 * Writes a snapshot: to a new file beside `path` with mode 0600, synced, then renamed over it. An error leaves the old file.
 *
 * @param isCurrent asked until the file has its name: whether nothing was flushed since the answers were listed
 * @returns how many answers were written; `undefined` when it was given up because of a flush
 */
export async function writeSnapshot(
  path: string,
  maps: readonly SnapshotMap[],
  now: Moment,
  isCurrent: () => boolean = () => true,
): Promise<number | undefined> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    // A leftover of a crash may be somebody else's to read: the mode only counts for a file that is made now.
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", 0o600);
    const hash = createHash("sha256");
    const write = async (text: string) => {
      hash.update(text);
      await file.write(text);
    };
    let count = 0;
    try {
      const header = {
        format,
        saved: now,
        maps: maps.map(({ name, fingerprint, domains }) => ({ name, fingerprint, domains })),
      };
      await write(`${JSON.stringify(header)}\n`);
      for (const lines of batches(maps)) {
        await write(lines.join(""));
        if (!isCurrent()) break;
        count += lines.length;
      }
      await file.write(`${JSON.stringify({ sha256: hash.digest("base64url") })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // Nothing can come between the question and the rename: a flush before it is seen, one after it removes the new file.
    if (isCurrent()) renameSync(temporary, path);
    else {
      await rm(temporary, { force: true });
      return undefined;
    }
    await syncDirectory(path);
    return count;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Removes a snapshot for good: it is gone when this resolves, and after a power failure too. Where the directory does not let
 * it, the file is emptied. A disk that is slow to confirm holds up nobody but the caller.
 *
 * @throws {SnapshotError} when it is still there as it was
 */
export async function removeSnapshot(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") {
      await empty(path, error);
      return;
    }
    // Not there now; it may have been removed a moment ago by a call whose sync failed.
  }
  try {
    await syncDirectory(path);
  } catch (error) {
    throw new SnapshotError(`its removal may not outlast a power failure: ${codeOf(error)}`, { cause: error });
  }
}

async function empty(path: string, cause: unknown): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.truncate();
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new SnapshotError(`cannot remove it (${codeOf(cause)}) nor empty it (${codeOf(error)})`, { cause });
  }
}

// Directories that cannot be opened or synced: no such directory, not ours to list, a file system that knows no such thing.
const unsyncable = new Set(["ENOENT", "EACCES", "EINVAL", "ENOTSUP"]);

/** Has the directory of a file written to the disk, so that a name that was taken or given stays so. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(dirname(path), "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!unsyncable.has(codeOf(error))) throw error;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
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
 * @returns what is kept of each map whose fingerprint is the one in `wanted`; nothing when there is no file
 * @throws {SnapshotError} when others may have written the file, or it is damaged, of another format, or of an age that nobody
 *   knows
 */
export async function readSnapshot(
  path: string,
  wanted: ReadonlyMap<string, string>,
  now: Moment,
): Promise<Map<string, RestoredMap>> {
  const restored = new Map<string, RestoredMap>();
  const text = await readOwnFile(path);
  if (text === undefined) return restored;
  const lines = text.split("\n");
  const header = parseHeader(lines[0] ?? "");
  const sinceMs = elapsedMs(header.saved, now);
  if (sinceMs === undefined) throw new SnapshotError("it was saved in the future; the clock went back");
  const last = lines.at(-2) ?? "";
  const hashed = text.slice(0, Math.max(0, text.length - last.length - 1));
  if (parseLine(last)?.["sha256"] !== createHash("sha256").update(hashed).digest("base64url")) {
    throw new SnapshotError("it is cut short or was changed");
  }
  const maps = header.maps.map(({ name, fingerprint, domains }) => {
    if (wanted.get(name) !== fingerprint) return undefined;
    const list: AgedAnswer[] = [];
    const aged = domains.map((known) => (known === null ? null : { ...known, ageMs: known.ageMs + sinceMs }));
    restored.set(name, { answers: list, domains: aged });
    return list;
  });
  for (const line of lines.slice(1, -2)) {
    const { map, aged } = parseAnswer(line, sinceMs);
    maps[map]?.push(aged);
  }
  return restored;
}

/** Reads a file that nobody else may write: whoever may, decides who sends as whom. */
async function readOwnFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const { uid, mode } = await file.stat();
      if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) throw new SnapshotError("others may write it");
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    if (codeOf(error) === "ENOENT") return undefined;
    throw new SnapshotError(`cannot read it: ${codeOf(error)}`, { cause: error });
  }
}

interface Header {
  readonly saved: Moment;
  readonly maps: readonly Pick<SnapshotMap, "name" | "fingerprint" | "domains">[];
}

function parseHeader(line: string): Header {
  const header = parseLine(line);
  if (header?.["format"] !== format) throw new SnapshotError("it is not a snapshot of this version");
  const { saved, maps } = header as { saved?: Partial<Moment>; maps?: Header["maps"] };
  const { wallMs, uptimeMs, bootId } = saved ?? {};
  const isComplete =
    typeof wallMs === "number" &&
    typeof uptimeMs === "number" &&
    typeof bootId === "string" &&
    Array.isArray(maps) &&
    maps.every(
      ({ name, fingerprint, domains }) =>
        typeof name === "string" && typeof fingerprint === "string" && Array.isArray(domains),
    );
  if (!isComplete) throw new SnapshotError("its first line is damaged");
  return { saved: { wallMs, uptimeMs, bootId }, maps };
}

function parseAnswer(line: string, sinceMs: number): { map: number; aged: AgedAnswer } {
  const fields: unknown = parseLine(line);
  if (!Array.isArray(fields)) throw new SnapshotError("a line is damaged");
  const [map, key, owners, isDerived, ageMs] = fields as unknown[];
  if (typeof map !== "number" || typeof key !== "string" || typeof owners !== "string") {
    throw new SnapshotError("a line is damaged");
  }
  if (typeof ageMs !== "number" || ageMs < 0) throw new SnapshotError("a line is damaged");
  const answer: Answer =
    owners === "" ? absent : new Found(toOwnerList([owners]) ?? new OwnerList([]), isDerived === 1);
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
