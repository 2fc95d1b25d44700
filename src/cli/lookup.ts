/** `loginmapd lookup`: explains a lookup, or what the milter would say of a message, straight from the source. */
import { readFileSync } from "node:fs";
import { explain } from "../lookup/explain.ts";
import { explainMessage } from "../lookup/explain-message.ts";
import { claimingFields } from "../lookup/message-header.ts";
import { protocolsOf } from "../protocol/map-protocols.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { formatExplanation } from "./format-explanation.ts";
import { formatMessage } from "./format-message.ts";
import { stringOf } from "./load-settings.ts";
import { type OpenMap, withMap } from "./open-map.ts";
import { isColoured } from "./terminal.ts";

/** How a question is answered: what is printed, and whether the sources could be asked. */
interface Told {
  readonly document: object;
  readonly text: string;
  readonly isAnswered: boolean;
}

/** Prints the explanation, for people or as JSON. Exit 0 with an answer, also "no owners"; 69 when Postfix gets none. */
export async function lookup(line: CommandLine): Promise<ExitCode> {
  checkOptions(line);
  return withMap(line, async (open) => {
    const isMessage = line.options["message"] !== undefined;
    const told = isMessage ? await tellMessage(line, open) : await tellAddress(line, open);
    process.stdout.write(line.options["json"] === true ? `${JSON.stringify(told.document, null, 2)}\n` : told.text);
    return told.isAnswered ? exitCode.ok : exitCode.unavailable;
  });
}

/** @throws {UsageError} before anything is opened */
function checkOptions({ options, positionals }: CommandLine): void {
  if (options["message"] === undefined) {
    if (positionals.length === 0) throw new UsageError("an ADDRESS or a --message is missing");
  } else if (!stringOf(options["login"])) {
    throw new UsageError("--message needs --login: a message of nobody's is not looked at");
  }
}

async function tellAddress(line: CommandLine, { name, map, settings, resolver, deadlineMs }: OpenMap): Promise<Told> {
  const [address = ""] = line.positionals;
  const carriers = protocolsOf(name, settings.listeners);
  const { sources, combine } = map;
  const request = { map: name, sources, combine, address, login: loginOf(line), carriers };
  const explanation = await explain(resolver, request, deadlineMs());
  return {
    document: explanation,
    text: formatExplanation(explanation, isColoured(line, process.stdout)),
    isAnswered: explanation.outcome === "ok" || explanation.outcome === "notfound",
  };
}

async function tellMessage(line: CommandLine, { name: map, settings, resolver, deadlineMs }: OpenMap): Promise<Told> {
  const [sender = ""] = line.positionals;
  const fields = claimingFields(readMessage(stringOf(line.options["message"]) as string));
  const listener = settings.listeners.find((one) => one.protocol === "milter" && one.map === map);
  const login = stringOf(line.options["login"]) as string;
  const request = { map, login, sender, fields, resent: listener?.resent ?? "refuse" } as const;
  const explanation = await explainMessage(resolver, request, deadlineMs());
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
