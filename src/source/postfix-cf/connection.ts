/** How a table file says to reach its database. */
import type { ConnectionOverrides, ConnectionSettings, TlsSettings } from "../../model/settings.ts";
import { parseHosts } from "./hosts.ts";
import type { ReadFile } from "./lines.ts";
import { type ClientOptions, readOptionFile } from "./option-file.ts";
import type { Parameters } from "./parameters.ts";
import type { TableReport } from "./report.ts";

type MysqlConnection = Extract<ConnectionSettings, { driver: "mysql" }>;
type SqliteConnection = Extract<ConnectionSettings, { driver: "sqlite" }>;

/** Settings of our configuration that go before those of a table file; those of the other driver are ignored. */
export type Overrides = Partial<ConnectionOverrides>;

/** What a table file cannot say; the defaults of docs/configuration.md. Postfix itself has one connection and no deadlines. */
export const defaults = { poolSize: 4, connectTimeoutMs: 2_000, queryTimeoutMs: 3_000 };

/** Reads where the file of a sqlite_table(5) is. What is wrong, or without effect, goes to the report. */
export function readSqlite(parameters: Parameters, overrides: Overrides, report: TableReport): SqliteConnection {
  const path = overrides.path ?? parameters.text("dbpath", "", 1);
  if (path !== "" && !path.startsWith("/")) {
    report.warn(
      "dbpath",
      "not an absolute path: it depends on the directory that the daemon runs in",
      parameters.lineOf("dbpath"),
    );
  }
  return { driver: "sqlite", path, queryTimeoutMs: overrides.queryTimeoutMs ?? defaults.queryTimeoutMs };
}

/** Reads how a mysql_table(5) reaches its hosts. What is wrong, or without effect, goes to the report. */
export function readMysql(
  parameters: Parameters,
  overrides: Overrides,
  readFile: ReadFile,
  report: TableReport,
): MysqlConnection {
  const options = readOptions(parameters, readFile, report);
  const hosts = parameters.text("hosts");
  warnOfIntervals(parameters, report);
  const charset = parameters.has("charset") ? parameters.text("charset", "", 1) : options.get("default-character-set");
  const publicKeyFile = overrides.serverPublicKeyFile ?? options.get("server-public-key-path");
  const database = parameters.text("dbname", "", overrides.database === undefined ? 1 : 0);
  return {
    driver: "mysql",
    hosts: overrides.hosts ?? parseHosts(hosts, options, readFile, report, parameters.lineOf("hosts")),
    user: overrides.user ?? (parameters.text("user") || options.get("user") || ""),
    password: overrides.password ?? (parameters.text("password") || passwordOption(options, report)),
    database: overrides.database ?? database,
    tls: "tls" in overrides ? overrides.tls : readTls(parameters, options, report),
    charset: "charset" in overrides ? overrides.charset : charset,
    ...(publicKeyFile !== undefined && { serverPublicKeyFile: publicKeyFile }),
    poolSize: overrides.poolSize ?? defaults.poolSize,
    connectTimeoutMs: overrides.connectTimeoutMs ?? defaults.connectTimeoutMs,
    queryTimeoutMs: overrides.queryTimeoutMs ?? defaults.queryTimeoutMs,
  };
}

function warnOfIntervals(parameters: Parameters, report: TableReport): void {
  for (const name of ["idle_interval", "retry_interval"]) {
    parameters.integer(name, 60, 1);
    if (!parameters.has(name)) continue;
    const message = "has no effect here: connections are kept, and a host is tried again with a short back-off";
    report.warn(name, message, parameters.lineOf(name));
  }
}

/**
 * Reads `option_file`. Without one, Postfix reads [client] of /etc/my.cnf and of its user's ~/.my.cnf; those belong to
 * another process and are left alone here.
 */
function readOptions(parameters: Parameters, readFile: ReadFile, report: TableReport): ClientOptions {
  const file = parameters.text("option_file");
  const group = parameters.text("option_group", "client");
  if (file === "") {
    if (parameters.has("option_group") && group !== "") {
      report.warn(
        "option_group",
        "has no effect without option_file: no my.cnf is read here",
        parameters.lineOf("option_group"),
      );
    }
    return new Map();
  }
  return readOptionFile(file, group, readFile, report);
}

function passwordOption(options: ClientOptions, report: TableReport): string {
  const password = options.get("password") ?? "";
  if (password !== "") {
    report.warn("option_file", "its password is used; Postfix itself sends an empty one when the table file has none");
  }
  return password;
}

function readTls(parameters: Parameters, options: ClientOptions, report: TableReport): TlsSettings | undefined {
  const file = (name: string, option: string) => parameters.text(name) || options.get(option) || undefined;
  const caFile = file("tls_CAfile", "ssl-ca");
  const certFile = file("tls_cert_file", "ssl-cert");
  const keyFile = file("tls_key_file", "ssl-key");
  const directory = file("tls_CApath", "ssl-capath");
  const ciphers = file("tls_ciphers", "ssl-cipher");
  const verify = parameters.flag("tls_verify_cert") ?? isTrue(options.get("ssl-verify-server-cert"));
  if (directory !== undefined) {
    report.warn(
      "tls_CApath",
      "is not read here: put the certificates into one file and name it in tls_CAfile",
      parameters.lineOf("tls_CApath"),
    );
  }
  if (ciphers !== undefined) {
    report.warn(
      "tls_ciphers",
      "has no effect here: the ciphers of Node.js are offered",
      parameters.lineOf("tls_ciphers"),
    );
  }
  const isWanted =
    [caFile, certFile, keyFile, directory, ciphers].some((value) => value !== undefined) || verify === true;
  if (!isWanted) return undefined;
  if (verify !== true) {
    report.warn(
      "tls_verify_cert",
      "is not yes: the connection is encrypted, but any server is believed",
      parameters.lineOf("tls_verify_cert"),
    );
  }
  return { caFile, certFile, keyFile, verify: verify === true };
}

function isTrue(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : !/^(?:0|off|false|no)$/i.test(value);
}
