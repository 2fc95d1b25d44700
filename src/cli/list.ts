/** `loginmapd list`: everything that a login may send as, or the whole map, by a listing of its sources. */
import { rulesOf } from "../lookup/combine.ts";
import { type ListedMap, listMap, type Sendable } from "../lookup/reverse.ts";
import { foldDomain } from "../model/address.ts";
import { SourceError } from "../model/errors.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { stringOf } from "./load-settings.ts";
import { type OpenMap, withMap } from "./open-map.ts";

const formats = ["text", "json", "texthash"] as const;
// Not a login that SASL would let in, and not what Postfix takes for several.
const nobody = "<nobody>";

/** Prints it. Exit 0 also when there is nothing to print; 69 when a source cannot be listed. */
export async function list(line: CommandLine): Promise<ExitCode> {
  const format = formatOf(line);
  return withMap(line, async (open) => {
    try {
      if (format === "texthash") printTexthash(await wholeOf(open));
      else print(await sendablesOf(line, open), format, line.positionals[0]);
      return exitCode.ok;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      process.stderr.write(`loginmapd: ${error.message}\n`);
      return exitCode.unavailable;
    }
  });
}

/** @throws {UsageError} before anything is opened */
function formatOf({ options, positionals }: CommandLine): (typeof formats)[number] {
  const given = stringOf(options["format"]) ?? "text";
  const format = formats.find((known) => known === given);
  if (format === undefined) throw new UsageError(`--format: expected one of ${formats.join(", ")}, got "${given}"`);
  if (format === "texthash" && (positionals.length > 0 || options["domain"] !== undefined)) {
    throw new UsageError("--format texthash prints the whole map: a part of it would refuse everybody else");
  }
  return format;
}

async function sendablesOf({ options, positionals }: CommandLine, open: OpenMap): Promise<readonly Sendable[]> {
  const domain = stringOf(options["domain"])?.replace(/^@/, "");
  const filter = { login: positionals[0], domain: domain === undefined ? undefined : (foldDomain(domain) ?? domain) };
  const found = new Map<string, Sendable>();
  for (const one of (await wholeOf(open)).sendables(filter)) {
    found.set(JSON.stringify(one), one);
  }
  return [...found.values()].sort((a, b) => compare(a.key, b.key) || compare(a.login, b.login));
}

function wholeOf({ databases, map, deadlineMs }: OpenMap): Promise<ListedMap> {
  const { signal } = new AbortController();
  return listMap({ databases, rules: rulesOf(map), combine: map.combine, deadlineMs: deadlineMs(), signal });
}

function print(found: readonly Sendable[], format: "text" | "json", login: string | undefined): void {
  if (format === "json") {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  for (const { key, kind, login: owner, source } of found) {
    const columns = [key, ...(login === undefined ? [owner] : []), kind, ...(source === undefined ? [] : [source])];
    process.stdout.write(`${columns.join("\t")}\n`);
  }
}

function printTexthash(map: ListedMap): void {
  const lines: string[] = [];
  for (const [key, owners] of map.texthash(nobody)) {
    if (key === "*") lines.push("# Who may send as everything: known to loginmapd's texthash, not to Postfix's own.\n");
    lines.push(`${key}\t${owners}\n`);
  }
  process.stdout.write(lines.join(""));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
