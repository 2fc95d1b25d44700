/** `loginmapd import`: table files of Postfix → a configuration of our own that gives the same answers. */
import { basename } from "node:path";
import { type YAMLMap, YAMLSeq } from "yaml";
import { ConfigError, type ConfigProblem, formatProblem } from "../../model/errors.ts";
import { type ConnectionSettings, type Endpoint, formatEndpoint } from "../../model/settings.ts";
import { splitTableName } from "../../model/table-type.ts";
import { fileReason } from "../../system/errno.ts";
import { type LineProblem, parseTexthash } from "../texthash/parse.ts";
import { type ParsedTable, readPostfixCf } from "./index.ts";
import { type ReadFile, readFromDisk } from "./lines.ts";
import { toFilters } from "./to-filters.ts";
import { type NotExpressible, toQueries } from "./to-queries.ts";
import { block, type CommentedEntry, entriesOf, flow, mapping, remarked, writeYaml } from "./yaml-nodes.ts";

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
  const contents = mapping([
    { key: "listeners", value: createListeners() },
    { key: "maps", value: mapping([{ key: "senders", value: sendersMap(sources.map(({ name }) => name)) }]) },
    { key: "sources", value: mapping(sources.map(({ name, node }) => ({ key: name, value: node }))) },
  ]);
  return {
    yaml: writeYaml(contents, [`Made by loginmapd import from ${files.join(", ")}`, ...preamble]),
    warnings: sources.flatMap(({ warnings }) => warnings),
  };
}

/** One file as a source. */
interface ImportedSource {
  readonly name: string;
  readonly node: YAMLMap;
  readonly warnings: readonly ConfigProblem[];
}

function importSource(name: string, file: string, readFile: ReadFile): ImportedSource {
  const { type, path } = splitTableName(file);
  if (type === "texthash") {
    const node = mapping(entriesOf({ driver: "texthash", path }));
    return { name, node, warnings: textFileWarnings(path, readFile) };
  }
  const table = readPostfixCf(file, {}, readFile);
  return { name, node: sourceNode(name, file, table), warnings: table.warnings };
}

const preamble = [
  "",
  "In main.cf, in place of the table, or of all of them:",
  "  smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
  "Postfix hands a socketmap the full address only. What it does by itself for its own tables is set below: extensions by",
  "recipient_delimiter, the bare localparts of $mydestination by local_domains.",
];

function createListeners(): YAMLSeq {
  const listeners = new YAMLSeq();
  listeners.add(flow({ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }));
  return listeners;
}

function sendersMap(sources: readonly string[]): YAMLMap {
  const asked = "each key in every source before the next key, as Postfix asks a list of tables";
  return mapping([
    sources.length === 1 ? { key: "source", value: sources[0] } : { key: "sources", value: remarked(sources, asked) },
    { key: "recipient_delimiter", value: remarked("+", 'as in main.cf; "" when it is not set there') },
    {
      key: "local_domains",
      value: remarked([], "the domains of $mydestination, where bare localparts are in the database"),
    },
  ]);
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

function sourceNode(name: string, file: string, table: ParsedTable): YAMLMap {
  const warnings = table.warnings.map(formatProblem);
  const made = table.connection.driver === "ldap" ? directoryKeys(name, file, table) : sqlKeys(name, file, table);
  const { entries, after } =
    "because" in made
      ? {
          entries: [
            {
              key: "postfix_cf",
              value: file.replace(/^proxy:/, ""),
              before: [`Kept as it is, since ${made.because}.`],
            },
          ],
          after: [],
        }
      : made;
  const [first, ...rest] = entries;
  if (first === undefined) throw new Error("expected a source with keys");
  return mapping([{ ...first, before: [...warnings, ...(first.before ?? [])] }, ...rest], after);
}

/** What stands in a source, and what is said below it. */
interface SourceKeys {
  readonly entries: readonly CommentedEntry[];
  readonly after: readonly string[];
}

function directoryKeys(
  name: string,
  file: string,
  { connection, assignments }: ParsedTable,
): SourceKeys | NotExpressible {
  if (connection.driver !== "ldap") throw new Error("expected a table of LDAP");
  const filters = toFilters(assignments, connection, name);
  if ("because" in filters) return filters;
  const before = [`Write the password of ${file} into this file, readable by loginmapd alone.`];
  return {
    entries: entriesOf(filters.keys).map((entry) =>
      entry.key === "bind_password_file" ? { ...entry, before } : entry,
    ),
    after: [
      "Differs from Postfix for localparts with blanks at their ends or two in a row, which a directory does not tell apart.",
    ],
  };
}

function sqlKeys(name: string, file: string, { connection, rules, type }: ParsedTable): SourceKeys | NotExpressible {
  if (rules === undefined || type === "ldap" || connection.driver === "ldap")
    throw new Error("expected a table of SQL");
  const queries = toQueries(rules, type);
  if ("because" in queries) return queries;
  const entries: CommentedEntry[] = [{ key: "address", value: block(queries.address) }];
  const after = ["Differs from Postfix only where a cell holds separators alone: such a list refuses everybody there."];
  if (queries.domain === undefined) {
    after.unshift("No query for the domain: the table looks no @domain key up, since it takes the localpart (%u).");
  } else {
    const before = ["What Postfix asks last, by the key @domain."];
    entries.push({ key: "domain", value: block(queries.domain), before });
  }
  return {
    entries: [
      { key: "driver", value: connection.driver },
      ...connectionKeys(name, file, connection),
      { key: "queries", value: mapping(entries, after), before: tlsRemark(connection) },
    ],
    after: [],
  };
}

function connectionKeys(name: string, file: string, connection: SqlConnection): CommentedEntry[] {
  if (connection.driver === "sqlite") return entriesOf({ path: connection.path });
  if (connection.driver === "texthash" || connection.driver === "identity") return [];
  const { hosts, user, password, database, tls } = connection;
  return [
    ...entriesOf({ hosts: hosts.map((host) => formatEndpoint(reachable(host))), user }),
    {
      key: "password_file",
      value: password === "" ? undefined : `/etc/loginmapd/${name}-password`,
      before: [`Write the password of ${file} into this file, readable by loginmapd alone.`],
    },
    { key: "database", value: database },
    ...(connection.driver === "mysql"
      ? entriesOf({ charset: connection.charset, server_public_key_file: connection.serverPublicKeyFile })
      : []),
    ...(tls === undefined || tls.isOptional === true
      ? []
      : entriesOf({
          tls: { ca_file: tls.caFile, cert_file: tls.certFile, key_file: tls.keyFile, verify: tls.verify },
        })),
  ];
}

/** What is said in place of `tls:` where Postfix's client takes TLS as it comes. */
function tlsRemark(connection: SqlConnection): string[] {
  if (!("hosts" in connection) || connection.tls?.isOptional !== true) return [];
  if (!connection.hosts.some(({ kind }) => kind === "inet")) return [];
  return [
    "Postfix's client uses TLS where the server has it, and believes any. Here: tls: {} for TLS that is checked.",
  ];
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
