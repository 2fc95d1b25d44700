/**
 * Turns queries written by people, one per role, into arms.
 *
 * Serves `queries:` of the configuration and the presets. Knows no database: a query that cannot run is found out by the
 * driver, one that cannot be bound is found out here.
 */
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import type { Key, QueryName, Role } from "../../model/keys.ts";
import type { Arm, ArmPlan, ArmSet, KeylessSql, Row } from "./arm.ts";
import { compileNamed } from "./named.ts";
import { rowProofOf, sampleKey } from "./row-proof.ts";
import type { SqlDialect } from "./sql-text.ts";

/** SQL text by role, with `:email`, `:user`, `:domain` and the names of the constants as placeholders. */
export type RoleQueries = Readonly<Partial<Record<QueryName, string>>>;

/** What may stand behind placeholders besides the key: a preset's `:server_id`, say. */
export type Constants = Readonly<Record<string, string>>;

const keyNames = ["email", "user", "domain"] as const;
const roles = ["address", "domain", "grant"] as const;

/**
 * Makes the arms of queries written with named placeholders.
 *
 * A query with `:domain` is not asked for a key that has no domain (as Postfix's own tables suppress `%d`): it counts as not
 * found. Neither is any query for a localpart or domain that ends in a blank. The queries `domains` and `listing` have no
 * key, so only constants can stand in them; of `domains` the first column counts.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID with every problem of every query; `path` is the role (`address`), or the empty
 *   string when there is no query that finds owners
 */
export function armsOfQueries(queries: RoleQueries, dialect: SqlDialect, constants: Constants = {}): ArmSet {
  const problems: ConfigProblem[] = [];
  const arms: Partial<Record<Role, Arm>> = {};
  const keyless: { domains?: KeylessSql; listing?: KeylessSql } = {};
  const compile = <N extends QueryName, T extends object>(
    names: readonly N[],
    make: (text: string, dialect: SqlDialect, constants: Constants) => T | Problems,
    into: Partial<Record<N, T>>,
  ) => {
    for (const name of names) {
      const text = queries[name];
      if (text === undefined) continue;
      const made = make(text, dialect, constants);
      if ("problems" in made) problems.push(...made.problems.map((message) => ({ path: name, message })));
      else into[name] = made;
    }
  };
  compile(roles, roleArm, arms);
  compile(["domains", "listing"], keylessSql, keyless);
  if (roles.every((role) => queries[role] === undefined)) {
    problems.push({ path: "", message: "expected a query for at least one of address, domain, grant" });
  }
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
  const { domains, listing } = keyless;
  return {
    keyForm: "roles",
    roles: arms,
    ...(domains === undefined ? {} : { domains: domainsArm(domains) }),
    ...(listing === undefined ? {} : { listing }),
  };
}

/** Makes the plan of queries that need nothing to be probed: those of the configuration. Throws as `armsOfQueries`. */
export function planOfQueries(queries: RoleQueries, dialect: SqlDialect, constants: Constants = {}): ArmPlan {
  const arms = armsOfQueries(queries, dialect, constants);
  const { address } = arms.roles;
  if (address === undefined) return { optionalColumns: [], arms: () => arms };
  const rowProof = rowProofOf(address.sql, address.bind(sampleKey) ?? [], dialect);
  const proven = { ...arms, roles: { ...arms.roles, address: { ...address, rowProof } } };
  return { optionalColumns: [], arms: () => proven };
}

type Problems = { readonly problems: readonly string[] };

function roleArm(text: string, dialect: SqlDialect, constants: Constants): Arm | Problems {
  const compiled = compileNamed(text, dialect, new Set([...keyNames, ...Object.keys(constants)]));
  if ("problems" in compiled) return compiled;
  const needsDomain = compiled.binds.includes("domain");
  return {
    sql: compiled.sql,
    bind(key) {
      if ((needsDomain && key.domain === "") || isPadded(key)) return undefined;
      return compiled.binds.map((name) => boundValue(name, key, constants));
    },
    collect: everyCell,
    isCombinable: true,
  };
}

function keylessSql(text: string, dialect: SqlDialect, constants: Constants): KeylessSql | Problems {
  const compiled = compileNamed(text, dialect, new Set(Object.keys(constants)));
  if ("problems" in compiled) return compiled;
  return { sql: compiled.sql, values: compiled.binds.map((name) => constants[name] as string) };
}

function domainsArm({ sql, values }: KeylessSql): Arm {
  return { sql, bind: () => values, collect: firstCells, isCombinable: true };
}

// Most collations of MySQL pad with blanks before they compare: the owner of `alice` would own `"alice "` too. No column
// can tell them apart, so such a key is not asked.
function isPadded(key: Key): boolean {
  return key.user.endsWith(" ") || key.domain.endsWith(" ");
}

function boundValue(name: string, key: Key, constants: Constants): string {
  return name === "email" || name === "user" || name === "domain" ? key[name] : (constants[name] as string);
}

function everyCell(rows: readonly Row[]): readonly string[] {
  return rows.flat().filter((cell): cell is string => cell !== null && cell !== "");
}

function firstCells(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => row[0]).filter((cell): cell is string => typeof cell === "string" && cell !== "");
}
