/** `loginmapd import`: table files of Postfix → a configuration of our own that gives the same answers. */
import { basename } from "node:path";
import { ConfigError, type ConfigProblem, formatProblem } from "../../model/errors.ts";
import { type ConnectionSettings, type Endpoint, formatEndpoint } from "../../model/settings.ts";
import { type ReadFile, readFromDisk } from "./files.ts";
import { type ParsedTable, readPostfixCf } from "./index.ts";
import { toQueries } from "./to-queries.ts";

/** A configuration, and what an administrator should know about how it came to be. */
export interface ImportedConfig {
  /** Complete and valid YAML, warnings as comments. Holds no password. */
  readonly yaml: string;
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Writes the configuration equivalent to table files: one source and one map for each, the first or only map `senders`.
 *
 * A query that our queries by role can express becomes `queries:`; any other stays where it is, as `postfix_cf:`.
 *
 * @param files paths, also as main.cf names tables (`mysql:/path`, `proxy:mysql:/path`)
 * @throws {ConfigError} with the problems of every file that cannot be used
 */
export function toYaml(files: readonly string[], readFile: ReadFile = readFromDisk): ImportedConfig {
  const problems: ConfigProblem[] = [];
  const tables: { readonly name: string; readonly file: string; readonly table: ParsedTable }[] = [];
  const taken = new Set<string>();
  for (const file of files) {
    try {
      const table = readPostfixCf(file, {}, readFile);
      tables.push({ name: sourceName(file, taken), file, table });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
  const names = tables.map(({ name }) => name);
  const lines = [
    `# Made by loginmapd import from ${files.map(comment).join(", ")}`,
    ...preamble,
    ...names.flatMap((name, i) => mapLines(mapName(name, i, names), name)),
    "sources:",
    ...tables.flatMap(({ name, file, table }) => sourceLines(name, file, table)),
  ];
  return { yaml: `${lines.join("\n")}\n`, warnings: tables.flatMap(({ table }) => table.warnings) };
}

const preamble = [
  "#",
  "# In main.cf, in place of the table:",
  "#   smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
  "# Postfix hands a socketmap the full address only. What it does by itself for its own tables is set below: extensions by",
  "# recipient_delimiter, the bare localparts of $mydestination by local_domains.",
  "listeners:",
  '  - { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }',
  "maps:",
];

function mapLines(map: string, source: string): string[] {
  return [
    `  ${map}:`,
    `    source: ${source}`,
    '    recipient_delimiter: "+" # as in main.cf; "" when it is not set there',
    "    local_domains: [] # the domains of $mydestination, where bare localparts are in the database",
  ];
}

function mapName(source: string, index: number, sources: readonly string[]): string {
  return index === 0 && !sources.includes("senders") ? "senders" : source;
}

function sourceLines(name: string, file: string, { connection, rules, type, warnings }: ParsedTable): string[] {
  const queries = toQueries(rules, type);
  const lines = [`  ${name}:`, ...warnings.map((warning) => `    # ${comment(formatProblem(warning))}`)];
  if ("because" in queries) {
    const path = file.replace(/^proxy:/, "");
    return [...lines, `    # Kept as it is, since ${queries.because}.`, `    postfix_cf: ${scalar(path)}`];
  }
  const shown = [...lines, `    driver: ${connection.driver}`, ...connectionLines(name, file, connection)];
  shown.push("    queries:", ...block("address", queries.address));
  if (queries.domain === undefined) {
    shown.push(
      "      # No query for the domain: the table looks no @domain key up, since it takes the localpart (%u).",
    );
  } else shown.push("      # What Postfix asks last, by the key @domain.", ...block("domain", queries.domain));
  shown.push("      # Differs from Postfix only for quoted localparts, which are asked without their quotes.");
  return shown;
}

function connectionLines(name: string, file: string, connection: ConnectionSettings): string[] {
  if (connection.driver === "sqlite") return [`    path: ${scalar(connection.path)}`];
  const { hosts, user, password, database, tls } = connection;
  const charset = connection.driver === "mysql" ? connection.charset : undefined;
  const lines = [`    hosts: [${hosts.map((host) => scalar(formatEndpoint(reachable(host)))).join(", ")}]`];
  lines.push(`    user: ${scalar(user)}`);
  if (password !== "") {
    lines.push(`    # Write the password of ${comment(file)} into this file, readable by loginmapd alone.`);
    lines.push(`    password_file: /etc/loginmapd/${name}-password`);
  }
  lines.push(`    database: ${scalar(database)}`);
  if (charset !== undefined) lines.push(`    charset: ${scalar(charset)}`);
  if (tls?.isOptional === true) {
    if (hosts.some(({ kind }) => kind === "inet")) {
      lines.push(
        "    # Postfix's client uses TLS where the server has it, and believes any. Here: tls: {} for TLS that is checked.",
      );
    }
  } else if (tls !== undefined) {
    lines.push("    tls:");
    const entries = { ca_file: tls.caFile, cert_file: tls.certFile, key_file: tls.keyFile };
    for (const [key, value] of Object.entries(entries)) {
      if (value !== undefined) lines.push(`      ${key}: ${scalar(value)}`);
    }
    lines.push(`      verify: ${tls.verify}`);
  }
  return lines;
}

/** An IPv6 address, which Postfix takes for a name with brackets, is one to us. */
function reachable(host: Endpoint): Endpoint {
  const address = host.kind === "inet" ? /^\[(.+)\]$/.exec(host.host)?.[1] : undefined;
  return host.kind === "inet" && address !== undefined ? { ...host, host: address } : host;
}

/** A name for a source out of the name of a file, as the configuration allows it, and not given twice. */
function sourceName(file: string, taken: Set<string>): string {
  const words =
    basename(file)
      .replace(/\.cf$/, "")
      .match(/[A-Za-z0-9]+/g) ?? [];
  const base = words.join("-").slice(0, 60).replace(/-$/, "") || "table";
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}-${i}`;
  taken.add(name);
  return name;
}

/** A block scalar for SQL; what YAML could not show so is quoted. */
function block(key: string, sql: string): string[] {
  if (/[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]|^\s/.test(sql)) return [`      ${key}: ${scalar(sql)}`];
  return [`      ${key}: |-`, ...sql.split("\n").map((line) => `        ${line}`)];
}

/** JSON strings are YAML's double-quoted scalars, but for three separators that YAML would fold. */
function scalar(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text that cannot end a comment. */
function comment(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+/g, " ");
}
