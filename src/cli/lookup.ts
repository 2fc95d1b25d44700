/** `loginmapd lookup`: explains a lookup, or what the milter would say of a message, straight from the source. */
import { readFileSync } from "node:fs";
import { closeSources, databaseOf, openSources } from "../daemon/sources.ts";
import { combine, rulesOf, ungated } from "../lookup/combine.ts";
import { explain } from "../lookup/explain.ts";
import { explainMessage } from "../lookup/explain-message.ts";
import { claimingFields } from "../lookup/message-header.ts";
import type { Resolving } from "../lookup/trace.ts";
import type { MapSettings, Settings } from "../model/settings.ts";
import { defaultMapOf } from "../model/settings.ts";
import { protocolsOf } from "../protocol/map-protocols.ts";
import { type ExitCode, exitCode } from "../system/exit-code.ts";
import { createLog } from "../telemetry/log.ts";
import { Tallies } from "../telemetry/tallies.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { formatExplanation } from "./format-explanation.ts";
import { formatMessage } from "./format-message.ts";
import { loadSettings, stringOf } from "./load-settings.ts";
import { isColoured } from "./terminal.ts";

/** How a question is answered: what is printed, and whether the sources could be asked. */
interface Told {
  readonly document: object;
  readonly text: string;
  readonly isAnswered: boolean;
}

/** What an explanation is made of. */
interface Asked {
  readonly line: CommandLine;
  readonly settings: Settings;
  readonly map: string;
  readonly mapSettings: MapSettings;
  readonly resolver: Resolving;
  readonly deadlineMs: number;
}

/** Prints the explanation, for people or as JSON. Exit 0 with an answer, also "no owners"; 69 when Postfix gets none. */
export async function lookup(line: CommandLine): Promise<ExitCode> {
  checkOptions(line);
  const { settings } = loadSettings(line);
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
    const deadlineMs = clock.nowMs() + settings.limits.lookupTimeoutMs;
    const asked = { line, settings, map, mapSettings, resolver, deadlineMs };
    const told = line.options["message"] === undefined ? await tellAddress(asked) : await tellMessage(asked);
    process.stdout.write(line.options["json"] === true ? `${JSON.stringify(told.document, null, 2)}\n` : told.text);
    return told.isAnswered ? exitCode.ok : exitCode.unavailable;
  } finally {
    await closeSources(sources);
  }
}

/** @throws {UsageError} before anything is opened */
function checkOptions({ options, positionals }: CommandLine): void {
  if (options["message"] === undefined) {
    if (positionals.length === 0) throw new UsageError("an ADDRESS or a --message is missing");
  } else if (!stringOf(options["login"])) {
    throw new UsageError("--message needs --login: a message of nobody's is not looked at");
  }
}

async function tellAddress({ line, settings, map, mapSettings, resolver, deadlineMs }: Asked): Promise<Told> {
  const [address = ""] = line.positionals;
  const carriers = protocolsOf(map, settings.listeners);
  const { sources, combine } = mapSettings;
  const request = { map, sources, combine, address, login: loginOf(line), carriers };
  const explanation = await explain(resolver, request, deadlineMs);
  return {
    document: explanation,
    text: formatExplanation(explanation, isColoured(line, process.stdout)),
    isAnswered: explanation.outcome === "ok" || explanation.outcome === "notfound",
  };
}

async function tellMessage({ line, settings, map, resolver, deadlineMs }: Asked): Promise<Told> {
  const [sender = ""] = line.positionals;
  const fields = claimingFields(readMessage(stringOf(line.options["message"]) as string));
  const listener = settings.listeners.find((one) => one.protocol === "milter" && one.map === map);
  const login = stringOf(line.options["login"]) as string;
  const request = { map, login, sender, fields, resent: listener?.resent ?? "refuse" } as const;
  const explanation = await explainMessage(resolver, request, deadlineMs);
  return {
    document: explanation,
    text: formatMessage(explanation, isColoured(line, process.stdout)),
    isAnswered: explanation.result !== "temp",
  };
}

/** @throws {UsageError} when it cannot be read */
function readMessage(file: string): Uint8Array {
  try {
    // 0 is standard input.
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new UsageError(`--message: ${error instanceof Error ? error.message : String(error)}`);
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
