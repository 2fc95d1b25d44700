/** `loginmapd import`: table files of Postfix → a configuration of our own that gives the same answers. */
import { basename } from "node:path";
import { ConfigError, type ConfigProblem, formatProblem } from "../../model/errors.ts";
import { type ConnectionSettings, type Endpoint, formatEndpoint } from "../../model/settings.ts";
import { splitTableName } from "../../model/table-type.ts";
import { fileReason } from "../../system/errno.ts";
import { type LineProblem, parseTexthash } from "../texthash/parse.ts";
import { type ParsedTable, readPostfixCf } from "./index.ts";
import { type ReadFile, readFromDisk } from "./lines.ts";
import { toFilters } from "./to-filters.ts";
import { type NotExpressible, toQueries } from "./to-queries.ts";

/** A configuration, and what an administrator should know about how it came to be. */
export interface ImportedConfig {
  /** Complete and valid YAML, warnings as comments. Holds no password. */
  readonly yaml: string;
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Writes the configuration equivalent to table files: one source for each, and one map `senders` that asks them as Postfix asks
 * a list of tables.
 *
 * A query that our queries by role can express becomes `queries:`; any other stays where it is, as `postfix_cf:`. A `texthash:`
 * is read by the driver of that name.
 *
 * @param files paths in the order of main.cf, also as it names tables (`mysql:/path`, `proxy:mysql:/path`, `texthash:/path`)
 * @throws {ConfigError} with the problems of every file that cannot be used
 */
export function toYaml(files: readonly string[], readFile: ReadFile = readFromDisk): ImportedConfig {
  const problems: ConfigProblem[] = [];
  const sources: ImportedSource[] = [];
  const taken = new Set<string>();
  for (const file of files) {
    try {
      sources.push(importSource(sourceName(file, taken), file, readFile));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
  const lines = [
    `# Made by loginmapd import from ${files.map(comment).join(", ")}`,
    ...preamble,
    ...mapLines(sources.map(({ name }) => name)),
    "sources:",
    ...sources.flatMap((source) => source.lines),
  ];
  return { yaml: `${lines.join("\n")}\n`, warnings: sources.flatMap(({ warnings }) => warnings) };
}

/** One file as a source. */
interface ImportedSource {
  readonly name: string;
  readonly lines: readonly string[];
  readonly warnings: readonly ConfigProblem[];
}

function importSource(name: string, file: string, readFile: ReadFile): ImportedSource {
  const { type, path } = splitTableName(file);
  if (type === "texthash") {
    const lines = [`  ${name}:`, "    driver: texthash", `    path: ${scalar(path)}`];
    return { name, lines, warnings: textFileWarnings(path, readFile) };
  }
  const table = readPostfixCf(file, {}, readFile);
  return { name, lines: sourceLines(name, file, table), warnings: table.warnings };
}

const preamble = [
  "#",
  "# In main.cf, in place of the table, or of all of them:",
  "#   smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
  "# Postfix hands a socketmap the full address only. What it does by itself for its own tables is set below: extensions by",
  "# recipient_delimiter, the bare localparts of $mydestination by local_domains.",
  "listeners:",
  '  - { protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }',
  "maps:",
];

function mapLines(sources: readonly string[]): string[] {
  const [first] = sources;
  return [
    "  senders:",
    sources.length === 1
      ? `    source: ${first}`
      : `    sources: [${sources.join(", ")}] # each key in every source before the next key, as Postfix asks a list of tables`,
    '    recipient_delimiter: "+" # as in main.cf; "" when it is not set there',
    "    local_domains: [] # the domains of $mydestination, where bare localparts are in the database",
  ];
}

/** @throws {ConfigError} when the file cannot be read, or smtpd would take the table out of service */
function textFileWarnings(path: string, readFile: ReadFile): ConfigProblem[] {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new ConfigError("ERR_CONFIG_UNREADABLE", [{ path: "", message: `${path}: ${fileReason(error)}` }], {
      cause: error,
    });
  }
  const { repeated, ignored, doubtful } = parseTexthash(Buffer.from(text));
  const problem = ({ line, message }: LineProblem): ConfigProblem => ({
    path: "",
    message,
    where: `${path} line ${line}`,
  });
  if (repeated.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", repeated.map(problem));
  return [...ignored, ...doubtful].map(problem);
}

function sourceLines(name: string, file: string, table: ParsedTable): string[] {
  const lines = [`  ${name}:`, ...table.warnings.map((warning) => `    # ${comment(formatProblem(warning))}`)];
  const keys = table.connection.driver === "ldap" ? directoryLines(name, file, table) : sqlLines(name, file, table);
  if (!("because" in keys)) return [...lines, ...keys];
  const path = file.replace(/^proxy:/, "");
  return [...lines, `    # Kept as it is, since ${keys.because}.`, `    postfix_cf: ${scalar(path)}`];
}

function directoryLines(name: string, file: string, { connection, assignments }: ParsedTable) {
  if (connection.driver !== "ldap") throw new Error("expected a table of LDAP");
  const filters = toFilters(assignments, connection, name);
  if ("because" in filters) return filters;
  const password = `    # Write the password of ${comment(file)} into bind_password_file, readable by loginmapd alone.`;
  const lines = filters.yaml.trimEnd().split("\n");
  return [
    ...(connection.bind === undefined ? [] : [password]),
    ...lines.map((line) => `    ${line}`),
    "    # Differs from Postfix for localparts with blanks at their ends or two in a row, which a directory does not tell apart.",
  ];
}

function sqlLines(name: string, file: string, { connection, rules, type }: ParsedTable): string[] | NotExpressible {
  if (rules === undefined || type === "ldap" || connection.driver === "ldap")
    throw new Error("expected a table of SQL");
  const queries = toQueries(rules, type);
  if ("because" in queries) return queries;
  const shown = [`    driver: ${connection.driver}`, ...connectionLines(name, file, connection)];
  shown.push("    queries:", ...block("address", queries.address));
  if (queries.domain === undefined) {
    shown.push(
      "      # No query for the domain: the table looks no @domain key up, since it takes the localpart (%u).",
    );
  } else shown.push("      # What Postfix asks last, by the key @domain.", ...block("domain", queries.domain));
  shown.push(
    "      # Differs from Postfix only where a cell holds separators alone: such a list refuses everybody there.",
  );
  return shown;
}

/** What only mysql has. */
function ownLines({ charset, serverPublicKeyFile }: Extract<SqlConnection, { driver: "mysql" }>): string[] {
  const entries = { charset, server_public_key_file: serverPublicKeyFile };
  return Object.entries(entries).flatMap(([key, value]) =>
    value === undefined ? [] : [`    ${key}: ${scalar(value)}`],
  );
}

function connectionLines(name: string, file: string, connection: SqlConnection): string[] {
  if (connection.driver === "sqlite") return [`    path: ${scalar(connection.path)}`];
  if (connection.driver === "texthash" || connection.driver === "identity") return [];
  const { hosts, user, password, database, tls } = connection;
  const lines = [`    hosts: [${hosts.map((host) => scalar(formatEndpoint(reachable(host)))).join(", ")}]`];
  lines.push(`    user: ${scalar(user)}`);
  if (password !== "") {
    lines.push(`    # Write the password of ${comment(file)} into this file, readable by loginmapd alone.`);
    lines.push(`    password_file: /etc/loginmapd/${name}-password`);
  }
  lines.push(`    database: ${scalar(database)}`);
  if (connection.driver === "mysql") lines.push(...ownLines(connection));
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

type SqlConnection = Exclude<ConnectionSettings, { driver: "ldap" }>;

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
