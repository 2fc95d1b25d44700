/** Opens what a command asks about: one map, straight at its source, without cache and daemon. */
import { closeSources, databaseOf, openSources } from "../daemon/sources.ts";
import { type Combined, combine, rulesOf, ungated } from "../lookup/combine.ts";
import { defaultMapOf, type MapSettings, type Settings } from "../model/settings.ts";
import type { Database } from "../model/source.ts";
import { createLog } from "../telemetry/log.ts";
import { Tallies } from "../telemetry/tallies.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { loadSettings, stringOf } from "./load-settings.ts";

/** A map that can be asked. */
export interface OpenMap {
  readonly name: string;
  readonly map: MapSettings;
  readonly settings: Settings;
  readonly resolver: Combined["resolver"];
  /** In the order of `map.sources`. */
  readonly databases: readonly Database[];
  /** When a lookup that begins now has to be over, on the clock of the resolver. */
  deadlineMs(): number;
}

/**
 * Opens the map that `--map` names, else the default one, for as long as `work` takes.
 *
 * @throws {UsageError} when there is no such map
 * @throws {ConfigError}
 */
export async function withMap<T>(line: CommandLine, work: (open: OpenMap) => Promise<T>): Promise<T> {
  const { settings } = loadSettings(line);
  const name = stringOf(line.options["map"]) ?? defaultMapOf(settings);
  const map = settings.maps[name];
  if (map === undefined) throw new UsageError(`no map "${name}": ${Object.keys(settings.maps).join(", ")}`);
  const clock = { nowMs: () => performance.now() };
  // The commands say what went wrong; the log is for what they cannot say.
  const log = createLog({ level: "error", format: "text" });
  const sources = openSources(onlySources(settings, map.sources), { clock, log, tallies: new Tallies() });
  try {
    const rules = rulesOf(map);
    const databases = map.sources.map((source) => databaseOf(sources, source));
    const members = databases.map((database) => ungated(database, rules));
    const { resolver } = combine(members, rules, map.combine);
    return await work({
      name,
      map,
      settings,
      resolver,
      databases,
      deadlineMs: () => clock.nowMs() + settings.limits.lookupTimeoutMs,
    });
  } finally {
    await closeSources(sources);
  }
}

function onlySources(settings: Settings, names: readonly string[]): Settings {
  const wanted = Object.entries(settings.sources).filter(([name]) => names.includes(name));
  return { ...settings, sources: Object.fromEntries(wanted) };
}
