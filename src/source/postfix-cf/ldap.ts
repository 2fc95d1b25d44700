/** Reads an ldap_table(5): how its directory is reached, and the table that is asked there (dict_ldap.c, Postfix 3.7). */
import { parseLdapUri } from "../../model/ldap-uri.ts";
import type { ConnectionSettings, LdapServer, TlsSettings } from "../../model/settings.ts";
import { parseFilter } from "../ldap/filter-template.ts";
import type { KeyText } from "../ldap/key-text.ts";
import type { Dereference, LdapPlan } from "../ldap/table.ts";
import type { Scope } from "../ldap/url.ts";
import { defaults, type Overrides } from "./connection.ts";
import { domainFilter } from "./domains.ts";
import { fillQuery, keyNeeds, meets, parseTemplate, resultFiller, type Template } from "./expansions.ts";
import type { ReadFile } from "./lines.ts";
import type { Parameters } from "./parameters.ts";
import type { TableReport } from "./report.ts";
import { passes } from "./template.ts";

type LdapConnection = Extract<ConnectionSettings, { driver: "ldap" }>;

/** Reads how the directory is reached. What is wrong, or without effect, goes to the report. */
export function readLdap(parameters: Parameters, overrides: Overrides, report: TableReport): LdapConnection {
  const warn = (name: string, message: string) => {
    if (parameters.has(name)) report.warn(name, message, parameters.lineOf(name));
  };
  for (const name of ["cache", "cache_expiry", "cache_size"]) warn(name, "has no effect, as in Postfix itself");
  if (parameters.integer("debuglevel", 0) !== 0) warn("debuglevel", "has no effect here");
  if (parameters.integer("version", 2, 2) === 2) warn("version", "LDAP 3 is spoken here, whatever it says");
  if (parameters.flag("chase_referrals") === true) {
    warn("chase_referrals", "referrals are not followed here: name the servers that hold the data in server_host");
  }
  warn("timeout", "has no effect here: connect_timeout and query_timeout of the source count");
  parameters.integer("timeout", 10, 0);
  const servers = overrides.servers ?? readServers(parameters, report);
  const startTls = overrides.startTls ?? parameters.flag("start_tls") === true;
  return {
    driver: "ldap",
    servers,
    startTls,
    bind: overrides.bind ?? readBind(parameters, report),
    tls:
      "tls" in overrides ? overrides.tls : readTls(parameters, startTls || servers.some(({ isTls }) => isTls), report),
    poolSize: overrides.poolSize ?? defaults.poolSize,
    connectTimeoutMs: overrides.connectTimeoutMs ?? defaults.connectTimeoutMs,
    queryTimeoutMs: overrides.queryTimeoutMs ?? defaults.queryTimeoutMs,
  };
}

function readServers(parameters: Parameters, report: TableReport): LdapServer[] {
  const line = parameters.lineOf("server_host");
  const port = parameters.integer("server_port", 389, 1);
  const items = parameters
    .text("server_host", "localhost")
    .split(/[ ,\t\r\n]+/)
    .filter((item) => item !== "");
  return (items.length === 0 ? ["localhost"] : items).flatMap((item) => {
    const isUri = /^ldap[si]?:\/\//i.test(item);
    const uri = isUri ? item : `ldap://${/:\d+$/.test(item) ? item : `${item}:${port}`}`;
    const server = parseLdapUri(uri);
    if (!("problem" in server)) return [server];
    report.fail("server_host", `${item}: ${server.problem}`, line);
    return [];
  });
}

const kindsOfBind = new Set(["yes", "no", "none", "simple", "sasl"]);

function readBind(parameters: Parameters, report: TableReport): LdapConnection["bind"] {
  const kind = parameters.text("bind", "yes").toLowerCase();
  const line = parameters.lineOf("bind");
  if (kind === "sasl") {
    report.fail("bind", "SASL is not spoken here: use bind = yes with bind_dn and bind_pw, over ldapi: or TLS", line);
  } else if (!kindsOfBind.has(kind)) report.fail("bind", "expected yes, no, none, simple or sasl", line);
  const dn = parameters.text("bind_dn");
  const password = parameters.text("bind_pw");
  if (kind === "no" || kind === "none" || dn === "") return undefined;
  if (password === "") {
    report.warn(
      "bind_dn",
      "has no bind_pw: many servers refuse that, others bind as nobody",
      parameters.lineOf("bind_dn"),
    );
  }
  return { dn, password };
}

function readTls(parameters: Parameters, isUsed: boolean, report: TableReport): TlsSettings | undefined {
  const file = (name: string) => parameters.text(name) || undefined;
  const verify = parameters.flag("tls_require_cert");
  if (!isUsed) return undefined;
  for (const [name, message] of [
    ["tls_ca_cert_dir", "is not read here: put the certificates into one file and name it in tls_ca_cert_file"],
    ["tls_cipher_suite", "has no effect here: the ciphers of Node.js are offered"],
    ["tls_random_file", "has no effect here"],
  ] as const) {
    if (parameters.has(name)) report.warn(name, message, parameters.lineOf(name));
  }
  if (verify === undefined) {
    report.warn(
      "tls_require_cert",
      "is not set: the server's certificate is verified here, and not by Postfix; no keeps that",
    );
  } else if (!verify) {
    report.warn(
      "tls_require_cert",
      "is no: the connection is encrypted, but any server is believed",
      parameters.lineOf("tls_require_cert"),
    );
  }
  const caFile = file("tls_ca_cert_file");
  return { caFile, certFile: file("tls_cert"), keyFile: file("tls_key"), verify: verify ?? true };
}

const dereferences: readonly Dereference[] = ["never", "search", "find", "always"];

/** Reads the table: which keys it takes, what it asks, and what becomes of the entries. `undefined` when the report has failed. */
export function readLdapTable(parameters: Parameters, readFile: ReadFile, report: TableReport): LdapPlan | undefined {
  const base = readTemplate(parameters, report, "search_base", "");
  const query = readTemplate(parameters, report, "query_filter", "(mailacceptinggeneralid=%s)");
  const formatName = parameters.has("result_format") ? "result_format" : "result_filter";
  const resultFormat = readTemplate(parameters, report, formatName, "%s");
  if (!parameters.has("search_base"))
    report.warn("search_base", "is not set: the whole directory is searched, which most servers refuse");
  if (!parameters.has("query_filter"))
    report.warn(
      "query_filter",
      "is not set: Postfix's default, (mailacceptinggeneralid=%s), finds nothing in most directories",
    );
  const filter = parseFilter(toKeyText(query));
  if ("problem" in filter) report.fail("query_filter", filter.problem, parameters.lineOf("query_filter"));
  const isTaken = domainFilter(parameters.text("domain"), readFile, report, parameters.lineOf("domain"));
  const expansionLimit = parameters.integer("expansion_limit", 0, 0);
  const dereference = dereferences[parameters.integer("dereference", 0, 0)];
  if (dereference === undefined) report.fail("dereference", "expected 0 to 3", parameters.lineOf("dereference"));
  const needs = keyNeeds([...query, ...base], resultFormat);
  const fill = resultFiller(resultFormat);
  const table = {
    base: toKeyText(base),
    scope: readScope(parameters, report),
    dereference: dereference ?? "never",
    attributes: readAttributes(parameters, report),
    sizeLimit: parameters.integer("size_limit", expansionLimit, 0),
    expansionLimit,
    recursionLimit: parameters.integer("recursion_limit", 1000, 1),
  };
  if ("problem" in filter || report.hasFailed) return undefined;
  const address: LdapPlan["roles"]["address"] = {
    ...table,
    filter,
    takes: (key) => (isTaken === undefined || passes(key, isTaken)) && meets(key, needs),
    // An empty value is no owner; Postfix warns of it and skips it.
    format: (value, key) => (value === "" ? undefined : fill(value, key)),
  };
  return { keyForm: "postfix", roles: { address } };
}

function readTemplate(parameters: Parameters, report: TableReport, name: string, fallback: string): Template {
  const template = parseTemplate(parameters.text(name, fallback, fallback === "" ? 0 : 1));
  if (!("invalid" in template)) return template;
  report.fail(
    name,
    `"${template.invalid}" is no expansion: expected %% %s %u %d %S %U %D or %1 to %9`,
    parameters.lineOf(name),
  );
  return [];
}

function toKeyText(template: Template): KeyText {
  return template.map((piece) => (typeof piece === "string" ? piece : (key) => fillQuery([piece], key)));
}

function readScope(parameters: Parameters, report: TableReport): Scope {
  const scope = parameters.text("scope", "sub").toLowerCase();
  if (scope === "sub" || scope === "base" || scope === "one") return scope;
  report.warn("scope", "expected sub, base or one; sub is taken, as by Postfix", parameters.lineOf("scope"));
  return "sub";
}

function readAttributes(parameters: Parameters, report: TableReport) {
  const list = (name: string, fallback = "") =>
    parameters
      .text(name, fallback)
      .split(/[ ,\t\r\n]+/)
      .filter((item) => item !== "");
  if (!parameters.has("result_attribute")) {
    report.warn("result_attribute", "is not set: Postfix's default, maildrop, is in few directories");
  }
  const attributes = {
    result: list("result_attribute", "maildrop"),
    leaf: list("leaf_result_attribute"),
    terminal: list("terminal_result_attribute"),
    special: list("special_result_attribute"),
  };
  if (attributes.result.some((name) => name.toLowerCase() === "dn")) {
    report.warn(
      "result_attribute",
      "dn is no attribute: it gives nothing, as in Postfix",
      parameters.lineOf("result_attribute"),
    );
  }
  return attributes;
}
