/**
 * A file that somebody edits while it is read: gives each version once, whole.
 *
 * An editor may write in place, or to a new file that it renames. A version counts when two looks in a row find the file the
 * same, and when it did not change while it was read: a version that is half written is never seen.
 */
import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from "node:fs";
import { fileReason } from "../../system/errno.ts";

/** How often to look, so that a change counts within a second: two looks and the reading. */
export const lookIntervalMs = 250;

// Far more than people write; a wrong path to a disk image ends here and not in memory.
const maxBytes = 64 * 1024 * 1024;

/** What a look found. */
export type Look =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly bytes: Uint8Array }
  /** Completes `PATH: …`. Told once, until it is another. */
  | { readonly kind: "unreadable"; readonly reason: string };

const same: Look = { kind: "same" };

/** Looks at one path. */
export class WatchedFile {
  readonly #path: string;
  /** The version that was given last, or the reason why there was none. */
  #told = "";
  /** The same of the last look. */
  #seen = "";

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Looks once. What it finds is told once.
   *
   * @param isFirst takes the file as it is at the first sight: nothing is in force that could stay so
   */
  look(isFirst: boolean): Look {
    try {
      const stats = statSync(this.#path);
      // Opening a pipe would wait for somebody to write.
      if (!stats.isFile()) throw new NotReadable("it is no regular file");
      return this.#isNews(versionOf(stats), isFirst) ? this.#read() : same;
    } catch (error) {
      // An editor may move the old file away before it writes the new one.
      const reason = error instanceof NotReadable ? error.message : fileReason(error);
      if (!this.#isNews(reason, isFirst)) return same;
      this.#told = reason;
      return { kind: "unreadable", reason };
    }
  }

  /** Whether a look found the same as the one before it, and it was not told yet. */
  #isNews(found: string, isFirst: boolean): boolean {
    const isSeen = found === this.#seen || isFirst;
    this.#seen = found;
    return isSeen && found !== this.#told;
  }

  #read(): Look {
    const file = openSync(this.#path, "r");
    try {
      const before = fstatSync(file);
      if (before.size > maxBytes) throw new NotReadable(`it is larger than ${maxBytes} bytes`);
      const bytes = readFileSync(file);
      const version = versionOf(fstatSync(file));
      if (version !== versionOf(before)) return same;
      this.#told = version;
      return { kind: "changed", bytes };
    } finally {
      closeSync(file);
    }
  }
}

class NotReadable extends Error {}

/** Another file under the name, or another content, has another version. */
function versionOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
