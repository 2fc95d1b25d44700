/**
 * The databases of the daemon, by the name of their source; a reload keeps those for which nothing changed: neither settings
 * nor a file that was read.
 */
import type { Clock } from "../model/clock.ts";
import type { Log } from "../model/log.ts";
import type { Settings } from "../model/settings.ts";
import type { Database } from "../model/source.ts";
import { openDatabase } from "../source/open.ts";
import type { Tallies } from "../telemetry/tallies.ts";
import { fingerprintsOf } from "./source-fingerprint.ts";

/** One open source. */
export interface OpenSource {
  /** Tells whether it would be opened with the same settings and files again. */
  readonly inputs: string;
  /** Tells whether answers that were cached before are still answers of this source. */
  readonly fingerprint: string;
  readonly database: Database;
}

/** What sources are opened with. */
export interface SourceParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly tallies: Tallies;
}

/** Open sources by name. */
export type OpenSources = ReadonlyMap<string, OpenSource>;

/**
 * Opens the sources of a configuration, taking over those of `previous` that are the same. Connects to none of them yet.
 *
 * @throws {ConfigError} when a `.cf` file or an option of a preset is wrong; nothing stays open then
 */
export function openSources(settings: Settings, parts: SourceParts, previous: OpenSources = new Map()): OpenSources {
  const { clock, log, tallies } = parts;
  const sources = new Map<string, OpenSource>();
  try {
    for (const [name, source] of Object.entries(settings.sources)) {
      // Before the files are read for good: one that changes in between is then noticed at the next reload.
      const fingerprints = fingerprintsOf(source);
      const { maxWaitingLookups } = settings.limits;
      const inputs = `${fingerprints.inputs} ${maxWaitingLookups}`;
      const old = previous.get(name);
      if (old?.inputs === inputs) {
        sources.set(name, old);
        continue;
      }
      const database = openDatabase(name, source, {
        clock,
        log,
        tally: tallies.source(name),
        maxWaitingLookups,
      });
      sources.set(name, { inputs, fingerprint: fingerprints.answers, database });
    }
  } catch (error) {
    void closeSources(sources, previous);
    throw error;
  }
  return sources;
}

/** The database of a source that config/ has made sure of. */
export function databaseOf(sources: OpenSources, name: string): Database {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`there is no source ${name}`);
  return source.database;
}

/** Closes the sources that `kept` does not hold. */
export async function closeSources(sources: OpenSources, kept: OpenSources = new Map()): Promise<void> {
  const leaving = [...sources].filter(([name, source]) => kept.get(name) !== source);
  await Promise.all(leaving.map(([, source]) => source.database.close()));
}
