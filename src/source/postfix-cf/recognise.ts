/**
 * Tells which type of table a file is, where main.cf's `type:` does not stand before its path.
 *
 * By the name of the file or of its folder (`mysql-senders.cf`, `/etc/postfix/mysql/`), else by parameters that only one type
 * has. What points to a type that is not read is refused under that name, and never taken for another.
 */
import { basename, dirname } from "node:path";
import { type CfType, cfTypes, isCfType, whyNotRead } from "../../model/table-type.ts";
import type { Assignment } from "./lines.ts";

/** Why a file's type is not known; completes `postfix_cf: …`. */
export interface NotRecognised {
  readonly problem: string;
}

interface Signs {
  /** Found in the name of a file or folder. */
  readonly name: RegExp;
  /** Parameters that no other type has. */
  readonly parameters: readonly string[];
}

/** A type whose signs are found is named, also when it is not read. */
const signs: Readonly<Record<string, Signs>> = {
  ldap: {
    name: /ldap/i,
    parameters: [
      ...["server_host", "search_base", "special_result_attribute", "scope"],
      ...["leaf_result_attribute", "terminal_result_attribute", "bind", "bind_dn", "bind_pw", "result_filter"],
      ...["start_tls", "recursion_limit", "dereference", "chase_referrals", "server_port", "tls_require_cert"],
    ],
  },
  sqlite: { name: /sqlite/i, parameters: ["dbpath"] },
  pgsql: { name: /pgsql|postgres/i, parameters: ["select_function", "encoding"] },
  // mongodb_table(5), since Postfix 3.9.
  mongodb: { name: /mongo/i, parameters: ["uri", "collection", "projection"] },
  memcache: { name: /memcache/i, parameters: ["memcache", "backup", "key_format", "data_size", "max_try"] },
  mysql: {
    name: /mysql|mariadb/i,
    parameters: [
      ...["charset", "option_file", "option_group", "require_result_set"],
      ...["tls_CAfile", "tls_CApath", "tls_verify_cert", "tls_key_file", "tls_cert_file", "tls_ciphers"],
    ],
  },
  hash: { name: /\.(?:db|dir|pag)$/i, parameters: [] },
  lmdb: { name: /\.lmdb$/i, parameters: [] },
  cdb: { name: /\.cdb$/i, parameters: [] },
  regexp: { name: /regexp?$/i, parameters: [] },
  pcre: { name: /pcre$/i, parameters: [] },
};

// ldap_table(5) and mongodb_table(5) share these; without a sign of the other it is the first, whose defaults do for the rest.
const filtered = ["query_filter", "result_attribute"];

// mysql_table(5) and pgsql_table(5) share nearly all of their parameters; without a sign of the other it is the first.
const shared = ["hosts", "dbname", "user", "password", "query", "table", "select_field", "where_field"];

/**
 * Tells the type of a table file.
 *
 * @param path of the file, without a type
 * @param said what it holds
 */
export function recogniseTable(path: string, said: readonly Assignment[]): CfType | NotRecognised {
  const values = new Map(said.map(({ name, value }) => [name, value]));
  const byName = typeOfName(path);
  if (byName !== undefined) return readable(byName, path);
  const told = typesOfParameters(values);
  const [only, other] = told;
  if (only !== undefined && other === undefined) return readable(only, path);
  if (other !== undefined) return ask(path, told, "it has parameters of both");
  if (filtered.some((name) => values.has(name))) return "ldap";
  if (!shared.some((name) => values.has(name))) {
    return {
      problem: `${path}: no parameter of any table that can be read (${cfTypes.join(", ")}) is in it${aid(path)}`,
    };
  }
  return pointsToPgsql(values) ? ask(path, ["mysql", "pgsql"], "its SQL is that of PostgreSQL") : "mysql";
}

/** The file's own name goes before that of its folder. */
function typeOfName(path: string): string | undefined {
  for (const name of [basename(path), basename(dirname(path))]) {
    const found = Object.entries(signs).filter(([, sign]) => sign.name.test(name));
    if (found.length === 1) return found[0]?.[0];
  }
  return undefined;
}

function typesOfParameters(values: ReadonlyMap<string, string>): string[] {
  const told = Object.entries(signs).filter(([, { parameters }]) => parameters.some((name) => values.has(name)));
  const types = told.map(([type]) => type);
  // A table that names its SQLite file and a database on a server: the server was there before.
  if (types.includes("sqlite") && values.has("dbname")) return types.filter((type) => type !== "sqlite");
  const hosts = values.get("hosts") ?? "";
  if (types.length === 0 && /(?:^|[\s,])postgres(?:ql)?:\/\/|:5432(?:[\s,]|$)|\/postgresql(?:[\s,/]|$)/.test(hosts)) {
    return ["pgsql"];
  }
  return types;
}

// What MySQL takes for an error, or for a logical "or" between strings.
const postgresSql = [
  /::\s*[a-z]/i,
  /\bilike\b/i,
  /\$\$/,
  /\bfrom\s+[\w.]+\s*\(/i,
  /'\s*\|\||\|\|\s*'/,
  /\bany\s*\(\s*array\b/i,
];

function pointsToPgsql(values: ReadonlyMap<string, string>): boolean {
  const query = values.get("query") ?? "";
  return postgresSql.some((sign) => sign.test(query));
}

function readable(type: string, path: string): CfType | NotRecognised {
  return isCfType(type) ? type : { problem: `${path}: ${whyNotRead(type)}` };
}

function ask(path: string, types: readonly string[], because: string): NotRecognised {
  const spelled = types.map((type) => `${type}:${path}`).join(" or ");
  return { problem: `${path}: which type of table is it? ${because}; write ${spelled}` };
}

function aid(path: string): string {
  return `; if it lists addresses and their owners, write texthash:${path}`;
}
