/** `loginmapd lookup`: explains a lookup straight from the source. */

import { closeSources, databaseOf, openSources } from "../daemon/sources.ts";
import { combine, rulesOf, ungated } from "../lookup/combine.ts";
import { explain } from "../lookup/explain.ts";
import type { Settings } from "../model/settings.ts";
import { defaultMapOf } from "../model/settings.ts";
import { protocolsOf } from "../protocol/map-protocols.ts";
import { type ExitCode, exitCode } from "../system/exit-code.ts";
import { createLog } from "../telemetry/log.ts";
import { Tallies } from "../telemetry/tallies.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { formatExplanation } from "./format-explanation.ts";
import { loadSettings, stringOf } from "./load-settings.ts";
import { isColoured } from "./terminal.ts";

/** Prints the explanation, for people or as JSON. Exit 0 with an answer, also "no owners"; 69 when Postfix gets none. */
export async function lookup(line: CommandLine): Promise<ExitCode> {
  const { settings } = loadSettings(line);
  const [address = ""] = line.positionals;
  const map = stringOf(line.options["map"]) ?? defaultMapOf(settings);
  const mapSettings = settings.maps[map];
  if (mapSettings === undefined) throw new UsageError(`no map "${map}": ${Object.keys(settings.maps).join(", ")}`);
  const clock = { nowMs: () => performance.now() };
  // The explanation says what went wrong; the log is for what it cannot say.
  const log = createLog({ level: "error", format: "text" });
  const sources = openSources(onlySources(settings, mapSettings.sources), { clock, log, tallies: new Tallies() });
  try {
    const rules = rulesOf(mapSettings);
    const members = mapSettings.sources.map((name) => ungated(databaseOf(sources, name), rules));
    const { resolver } = combine(members, rules, mapSettings.combine);
    const login = loginOf(line);
    const carriers = protocolsOf(map, settings.listeners);
    const request = { map, sources: mapSettings.sources, combine: mapSettings.combine, address, login, carriers };
    const explanation = await explain(resolver, request, clock.nowMs() + settings.limits.lookupTimeoutMs);
    const isJson = line.options["json"] === true;
    process.stdout.write(
      isJson
        ? `${JSON.stringify(explanation, null, 2)}\n`
        : formatExplanation(explanation, isColoured(line, process.stdout)),
    );
    return explanation.outcome === "ok" || explanation.outcome === "notfound" ? exitCode.ok : exitCode.unavailable;
  } finally {
    await closeSources(sources);
  }
}

/** `--login ""` asks about a client that is not logged in; no `--login` asks for no verdicts. */
function loginOf({ options }: CommandLine): string | null | undefined {
  const login = stringOf(options["login"]);
  return login === "" ? null : login;
}

function onlySources(settings: Settings, names: readonly string[]): Settings {
  const wanted = Object.entries(settings.sources).filter(([name]) => names.includes(name));
  return { ...settings, sources: Object.fromEntries(wanted) };
}
