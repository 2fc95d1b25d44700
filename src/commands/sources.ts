/** The databases of the daemon, by the name of their source; a reload keeps those whose settings did not change. */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../model/clock.ts";
import type { Log } from "../model/log.ts";
import type { Settings, SourceSettings } from "../model/settings.ts";
import { openDatabase, type ProbedDatabase } from "../source/open.ts";
import type { Tallies } from "../telemetry/tallies.ts";
import { fingerprintOf } from "./source-fingerprint.ts";

/** One open source. */
export interface OpenSource {
  readonly settings: SourceSettings;
  /** Tells whether answers that were cached before are still answers of this source. */
  readonly fingerprint: string;
  readonly database: ProbedDatabase;
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
      const fingerprint = fingerprintOf(source);
      const old = previous.get(name);
      if (old !== undefined && old.fingerprint === fingerprint && isDeepStrictEqual(old.settings, source)) {
        sources.set(name, old);
        continue;
      }
      const database = openDatabase(name, source, {
        clock,
        log,
        tally: tallies.source(name),
        maxWaitingLookups: settings.limits.maxWaitingLookups,
      });
      sources.set(name, { settings: source, fingerprint, database });
    }
  } catch (error) {
    void closeSources(sources, previous);
    throw error;
  }
  return sources;
}

/** Closes the sources that `kept` does not hold. */
export async function closeSources(sources: OpenSources, kept: OpenSources = new Map()): Promise<void> {
  const leaving = [...sources].filter(([name, source]) => kept.get(name) !== source);
  await Promise.all(leaving.map(([, source]) => source.database.close()));
}
