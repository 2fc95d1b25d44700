/** When the caches are kept: at the drain and every few minutes; and taken back: at the start. */
import { readSnapshot, writeSnapshot } from "../cache/snapshot-file.ts";
import type { Log } from "../model/log.ts";
import type { Daemon } from "./daemon.ts";

// Often enough that a crash loses little, seldom enough that writing 100,000 answers (some 10 MB) does not matter.
const intervalMs = 5 * 60_000;

/** The snapshot of a daemon's caches; does nothing unless `cache.snapshot_file` is set. */
export class Snapshots {
  readonly #daemon: Daemon;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(daemon: Daemon, log: Log) {
    this.#daemon = daemon;
    this.#log = log;
  }

  /** Takes back what was kept. A snapshot that is damaged or of other sources is left alone with a warning. */
  async restore(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    try {
      const restored = await readSnapshot(path, this.#fingerprints(), Date.now());
      let count = 0;
      for (const [name, answers] of restored) {
        this.#daemon.chains.get(name)?.cache.restore(answers);
        count += answers.length;
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

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Writes now; never rejects. A disk that is full loses nothing but this snapshot. */
  save(): Promise<void> {
    this.#writing ??= this.#save().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #save(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    const fingerprints = this.#fingerprints();
    const maps = [...this.#daemon.chains].map(([name, chain]) => ({
      name,
      fingerprint: fingerprints.get(name) ?? "",
      answers: chain.cache.snapshot(),
    }));
    try {
      const answers = await writeSnapshot(path, maps, Date.now());
      this.#log.debug({ file: path, answers }, "cache snapshot written");
    } catch (error) {
      this.#log.warn({ file: path, err: error }, "cache snapshot not written");
    }
  }

  get #path(): string | undefined {
    return this.#daemon.settings.cache.snapshotFile;
  }

  /** What the answers of each map depend on: its source, and how the map makes keys of an address. */
  #fingerprints(): Map<string, string> {
    return new Map(
      [...this.#daemon.chains].map(([name, { settings }]) => {
        const source = this.#daemon.sources.get(settings.source)?.fingerprint ?? "";
        return [name, [source, settings.recipientDelimiter, ...settings.localDomains].join(" ")];
      }),
    );
  }
}
