/** The names that each type of table knows, and what people write in their place. */
import { nearestName } from "../../model/nearest.ts";
import { type CfType, cfTypes } from "../../model/table-type.ts";

const everyTable = [
  "query",
  "result_format",
  "domain",
  "expansion_limit",
  "table",
  "select_field",
  "where_field",
  "additional_conditions",
] as const;

/** Every parameter that Postfix up to 3.10 reads from a file of that type. */
export const tableParameters: Readonly<Record<CfType, ReadonlySet<string>>> = {
  mysql: new Set([
    ...everyTable,
    "hosts",
    "user",
    "password",
    "dbname",
    "charset",
    "idle_interval",
    "retry_interval",
    "option_file",
    "option_group",
    "require_result_set",
    "tls_key_file",
    "tls_cert_file",
    "tls_CAfile",
    "tls_CApath",
    "tls_ciphers",
    "tls_verify_cert",
  ]),
  pgsql: new Set([
    ...everyTable,
    "hosts",
    "user",
    "password",
    "dbname",
    "encoding",
    "select_function",
    "idle_interval",
    "retry_interval",
  ]),
  sqlite: new Set([...everyTable, "dbpath"]),
  ldap: new Set([
    ...["server_host", "server_port", "timeout", "version", "chase_referrals", "debuglevel", "dereference"],
    ...["search_base", "query_filter", "scope", "domain", "result_format", "result_filter", "result_attribute"],
    ...["special_result_attribute", "terminal_result_attribute", "leaf_result_attribute"],
    ...["recursion_limit", "expansion_limit", "size_limit", "cache", "cache_expiry", "cache_size"],
    ...["bind", "bind_dn", "bind_pw", "sasl_mechs", "sasl_realm", "sasl_authz_id", "sasl_minssf"],
    ...["start_tls", "tls_ca_cert_dir", "tls_ca_cert_file", "tls_cert", "tls_key", "tls_require_cert"],
    ...["tls_random_file", "tls_cipher_suite"],
  ]),
};

const serverNames = {
  host: "the name is hosts",
  server: "the name is hosts",
  server_host: "the name is hosts",
  username: "the name is user",
  pass: "the name is password",
  passwd: "the name is password",
  database: "the name is dbname",
  db: "the name is dbname",
  db_name: "the name is dbname",
};

const insteadOf: Readonly<Partial<Record<CfType, Readonly<Record<string, string>>>>> = {
  mysql: {
    ...serverNames,
    port: 'write the port into hosts, as in "hosts = inet:127.0.0.1:3306"',
    server_port: 'write the port into hosts, as in "hosts = inet:127.0.0.1:3306"',
    socket: 'write the path into hosts, as in "hosts = unix:/run/mysqld/mysqld.sock"',
    select_function: "only pgsql_table(5) has it",
    encoding: "only pgsql_table(5) has it; here it is charset",
  },
  pgsql: {
    ...serverNames,
    port: 'write the port into hosts, as in "hosts = inet:127.0.0.1:5432"',
    server_port: 'write the port into hosts, as in "hosts = inet:127.0.0.1:5432"',
    socket: 'write the folder of the socket into hosts, as in "hosts = unix:/var/run/postgresql"',
    charset: "only mysql_table(5) has it; here it is encoding",
    sslmode: 'write it into a URI, as in "hosts = postgresql://user:password@host/database?sslmode=verify-full"',
  },
  ldap: {
    hosts: "the name is server_host",
    host: "the name is server_host",
    uri: "the name is server_host",
    base: "the name is search_base",
    basedn: "the name is search_base",
    query: "the name is query_filter",
    filter: "the name is query_filter",
    user: "the name is bind_dn",
    binddn: "the name is bind_dn",
    password: "the name is bind_pw",
    bind_password: "the name is bind_pw",
  },
};

/** Says what an unknown name was probably meant to be; completes a sentence. */
export function whatIsMeant(name: string, type: CfType): string {
  if (name.startsWith("\ufeff")) return "the file begins with a byte order mark, which became part of the name";
  const known = insteadOf[type]?.[name.toLowerCase()];
  if (known !== undefined) return known;
  const owner = cfTypes.find((other) => other !== type && tableParameters[other].has(name));
  if (owner !== undefined) return `only ${owner}_table(5) has it`;
  const nearest = nearestName(name, tableParameters[type]);
  return nearest === undefined
    ? `${type}_table(5) has no parameter of that name`
    : `the nearest known name is ${nearest}`;
}
