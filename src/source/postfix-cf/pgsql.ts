/** How a pgsql_table(5) says to reach its hosts. */
import { isDeepStrictEqual } from "node:util";
import type { ConnectionSettings, TlsSettings } from "../../model/settings.ts";
import { defaults, type Overrides } from "./connection.ts";
import type { Parameters } from "./parameters.ts";
import { type PgsqlHost, type PgsqlLogin, parsePgsqlHosts } from "./pgsql-hosts.ts";
import type { TableReport } from "./report.ts";

/** libpq's `sslmode=prefer`: TLS where the server has it, and no question who it is. */
const preferred: TlsSettings = {
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  verify: false,
  isOptional: true,
};

/** Reads how a pgsql_table(5) reaches its hosts. What is wrong, or without effect, goes to the report. */
export function readPgsql(
  parameters: Parameters,
  overrides: Overrides,
  report: TableReport,
): Extract<ConnectionSettings, { driver: "pgsql" }> {
  for (const name of ["idle_interval", "retry_interval"]) {
    parameters.integer(name, 60, 1);
    if (parameters.has(name))
      report.warn(
        name,
        "has no effect here: connections are kept, and a host is tried again with a short back-off",
        parameters.lineOf(name),
      );
  }
  warnOfEncoding(parameters, report);
  const line = parameters.lineOf("hosts");
  const hosts = overrides.hosts === undefined ? parsePgsqlHosts(parameters.text("hosts"), report, line) : [];
  const said: PgsqlLogin = {
    user: parameters.text("user"),
    password: parameters.text("password"),
    database: parameters.text("dbname", "", needsDatabase(hosts, overrides) ? 1 : 0),
    tls: preferred,
  };
  const login = loginOf(hosts, said, report, line);
  return {
    driver: "pgsql",
    hosts: overrides.hosts ?? hosts.map(({ endpoint }) => endpoint),
    user: overrides.user ?? login.user,
    password: overrides.password ?? login.password,
    database: overrides.database ?? login.database,
    tls: "tls" in overrides ? overrides.tls : login.tls,
    poolSize: overrides.poolSize ?? defaults.poolSize,
    connectTimeoutMs: overrides.connectTimeoutMs ?? defaults.connectTimeoutMs,
    queryTimeoutMs: overrides.queryTimeoutMs ?? defaults.queryTimeoutMs,
  };
}

/** A URI names its database itself; Postfix before 3.10 wants `dbname` all the same, and ignores it then. */
function needsDatabase(hosts: readonly PgsqlHost[], overrides: Overrides): boolean {
  return overrides.database === undefined && (hosts.length === 0 || hosts.some(({ login }) => login === undefined));
}

/** What all hosts log in with: that of the URIs, or of the file where there is none. */
function loginOf(
  hosts: readonly PgsqlHost[],
  said: PgsqlLogin,
  report: TableReport,
  line: number | undefined,
): PgsqlLogin {
  const [first = said, ...others] = hosts.map(({ login }) => login ?? said);
  if (others.some((other) => !isDeepStrictEqual(other, first))) {
    report.fail("hosts", "its hosts differ in user, password, database or TLS: make a source of each", line);
  }
  return first;
}

/** The text of keys and cells is UTF-8 here; with ASCII it is the same in every encoding. */
function warnOfEncoding(parameters: Parameters, report: TableReport): void {
  const encoding = parameters.text("encoding", "UTF8", 1);
  if (!/^utf-?8$/i.test(encoding)) {
    report.warn("encoding", "has no effect here: keys and answers are UTF-8", parameters.lineOf("encoding"));
  }
}
