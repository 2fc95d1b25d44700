/**
 * When the caches are kept: at the drain, every few minutes and soon after a flush; taken back: at the start; and made free of
 * what was flushed: with the flush itself, so that not even a crash undoes it.
 */
import { readSnapshot, removeSnapshot, type SnapshotMap, writeSnapshot } from "../cache/snapshot-file.ts";
import type { Log } from "../model/log.ts";
import { currentMoment } from "../system/clocks.ts";
import type { Chains } from "./chains.ts";

// Often enough that a crash loses little, seldom enough that writing 100,000 answers (some 10 MB) does not matter.
const intervalMs = 5 * 60_000;
// A flush leaves no file, and a crash then an empty cache. Long enough that a script which flushes one address after another
// does not have everything written for each.
const rewriteMs = 10_000;
// The last write, at the drain, begins again when a flush comes in between.
const maxTries = 3;

/** Memory has forgotten what a flush named, but the snapshot file has not: a restart could bring it back. */
export class FlushError extends Error {
  /** How many answers went from memory. */
  readonly flushed: number;

  constructor(flushed: number, options: ErrorOptions) {
    super("cache.snapshot_file still holds what was flushed", options);
    this.flushed = flushed;
  }
}

/** The snapshot of a daemon's caches; does nothing unless `cache.snapshot_file` is set. `Daemon.flush` calls `forget`. */
export class Snapshots {
  readonly #present: () => Chains;
  readonly #log: Log;
  /** The files that this process may have filled or believed; a reload can name another one. */
  readonly #files = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #rewrite: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Counts flushes: what was listed before one is not written after it. */
  #flushes = 0;

  /** @param present what is in force now */
  constructor(present: () => Chains, log: Log) {
    this.#present = present;
    this.#log = log;
  }

  /** Takes back what was kept. A snapshot that is damaged or of other sources is left alone with a warning. */
  async restore(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    this.#files.add(path);
    try {
      const restored = await readSnapshot(path, this.#fingerprints(), currentMoment());
      let count = 0;
      for (const [name, remembered] of restored) {
        this.#present().chains.get(name)?.restore(remembered);
        count += remembered.answers.length;
      }
      this.#log.info({ file: path, answers: count }, "cache restored from its snapshot");
    } catch (error) {
      this.#log.warn({ file: path, err: error }, "cache snapshot ignored");
    }
  }

  /** Begins to write every few minutes. */
  start(): void {
    this.#timer ??= setInterval(() => void this.save(), intervalMs).unref();
  }

  /** Writes no more by the clock. */
  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#rewrite);
  }

  /**
   * Takes the files away, since they may hold what was flushed. Called after memory was flushed; when it resolves that may be
   * told. From the call on nothing that was listed before is written.
   *
   * @throws {SnapshotError} when a restart could still bring back what was flushed
   */
  async forget(): Promise<void> {
    this.#flushes++;
    const path = this.#path;
    if (path !== undefined) this.#files.add(path);
    if (this.#files.size === 0) return;
    this.#rewrite ??= setTimeout(() => {
      this.#rewrite = undefined;
      void this.save();
    }, rewriteMs).unref();
    const files = [...this.#files];
    const removals = await Promise.allSettled(files.map(removeSnapshot));
    let failure: unknown;
    for (const [i, removal] of removals.entries()) {
      if (removal.status === "fulfilled") continue;
      failure = removal.reason;
      this.#log.error({ file: files[i], err: failure }, "cache snapshot still holds what was flushed; remove it");
    }
    if (failure !== undefined) throw failure;
  }

  /** Writes what memory holds now, after a write under way; never rejects. A full disk loses nothing but this snapshot. */
  save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#save());
    return this.#writing;
  }

  /** Writes once more, if writing was ever begun: a daemon that never came to serve has nothing to keep. */
  async saveLast(): Promise<void> {
    if (this.#timer !== undefined) await this.save();
  }

  async #save(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    this.#files.add(path);
    try {
      for (let tries = 0; tries < maxTries; tries++) {
        const flushes = this.#flushes;
        const answers = await writeSnapshot(path, this.#maps(), currentMoment(), () => flushes === this.#flushes);
        if (answers === undefined) continue;
        this.#log.debug({ file: path, answers }, "cache snapshot written");
        return;
      }
    } catch (error) {
      this.#log.warn({ file: path, err: error }, "cache snapshot not written");
    }
  }

  #maps(): SnapshotMap[] {
    const fingerprints = this.#fingerprints();
    return [...this.#present().chains].map(([name, chain]) => ({
      name,
      fingerprint: fingerprints.get(name) ?? "",
      ...chain.remembered(),
    }));
  }

  get #path(): string | undefined {
    return this.#present().settings.cache.snapshotFile;
  }

  /** What the answers of each map depend on: its sources, and how the map makes keys of an address. */
  #fingerprints(): Map<string, string> {
    const { chains, sources } = this.#present();
    return new Map(
      [...chains].map(([name, { settings }]) => {
        const fingerprints = settings.sources.map((source) => sources.get(source)?.fingerprint ?? "");
        const { combine, recipientDelimiter, localDomains, loginRealm = "" } = settings;
        return [name, JSON.stringify([fingerprints, combine, loginRealm, recipientDelimiter, localDomains])];
      }),
    );
  }
}
