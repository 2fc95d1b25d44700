/**
 * Notices that an SQLite file changed: by `PRAGMA data_version`, which another connection's commit moves, and by the identity of the
 * file, which one has anew that was put in its place or copied over it.
 */
import type Sqlite from "libsql";
import type { ChangeWatch } from "../../model/listing.ts";
import { classifySqliteError } from "./errors.ts";
import { identityOf, openReadOnly } from "./open-file.ts";

// A look takes some 5 µs: twenty a second are a ten thousandth of a processor.
const lookMs = 50;
const held = "held by a writer";

/** Looks at the file until it is closed. A file that is away, and comes back, counts as changed. */
export function watchFile(path: string, onHint: () => void): ChangeWatch {
  let file: { readonly database: Sqlite.Database; readonly identity: string } | undefined;
  let position = positionOf();
  const timer = setInterval(() => {
    const now = positionOf();
    if (now === position) return;
    position = now;
    if (now !== undefined && now !== held) onHint();
  }, lookMs);
  timer.unref();

  /** @returns the same as before while nothing changed; `held` while a writer has the file, `undefined` while it cannot be read */
  function positionOf(): string | undefined {
    try {
      const identity = identityOf(path);
      if (file?.identity !== identity) {
        file?.database.close();
        file = undefined;
        file = { database: openReadOnly(path), identity };
      }
      const [{ data_version: version } = {}] = file.database.pragma("data_version") as { data_version?: number }[];
      return `${identity} ${version}`;
    } catch (error) {
      file?.database.close();
      file = undefined;
      // What its data_version says after it is opened anew tells nothing of before.
      return classifySqliteError(error).kind === "busy" ? held : undefined;
    }
  }

  return {
    ready: Promise.resolve(),
    state: () => ({ signal: "data_version", advice: "" }),
    close() {
      clearInterval(timer);
      file?.database.close();
      file = undefined;
      return Promise.resolve();
    },
  };
}
