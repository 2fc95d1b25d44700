/**
 * What a preset is: the queries of a mail stack, with the options that its sites differ in.
 *
 * The SQL lies in `sql/<stack>/<role>.sql`, where an administrator can read and run it; a preset only names the options and
 * says which lines they switch on.
 */
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import { didYouMean } from "../../model/nearest.ts";
import type { PresetOption } from "../../model/settings.ts";
import type { ArmPlan, ArmSet } from "../sql/arm.ts";
import { armsOfQueries, type Constants, type RoleQueries } from "../sql/queries.ts";
import type { SqlDialect } from "../sql/sql-text.ts";
import { keepLines, readSqlFiles, type SqlFiles } from "./sql-file.ts";

/** An option of a preset, as the documentation lists it. */
export interface PresetOptionSpec {
  readonly name: string;
  readonly type: "boolean" | "integer" | "string" | "list";
  /** `undefined`: it has to be given. */
  readonly default: PresetOption | undefined;
  /** One sentence for the administrator. */
  readonly help: string;
}

/** Values of all options of a preset, defaults filled in. */
export type PresetOptions = Readonly<Record<string, PresetOption>>;

/** The queries of a mail stack. */
export interface Preset {
  /** As in `preset:` of the configuration. */
  readonly name: string;
  /** One line: which software, and since which version. */
  readonly title: string;
  readonly drivers: readonly SqlDialect[];
  readonly options: readonly PresetOptionSpec[];
  /**
   * Makes the plan for the options of a site.
   *
   * @throws {ConfigError} ERR_CONFIG_INVALID with every problem; `path` is `options.<name>`, or empty for the driver
   */
  plan(options: PresetOptions, driver: SqlDialect): ArmPlan;
}

/** What differs from preset to preset. */
export interface PresetSpec {
  readonly name: string;
  readonly title: string;
  readonly drivers: readonly SqlDialect[];
  readonly options?: readonly PresetOptionSpec[];
  /** Columns that a site may lack, as `table.column`; each is also a flag for lines of the SQL files. */
  readonly optionalColumns?: readonly string[];
  /** Constants for placeholders; by default every integer and string option under its own name. */
  constants?(options: PresetOptions): Constants;
  /** Further flags for lines of the SQL files, besides those of options and columns. */
  flags?(options: PresetOptions): readonly string[];
  /** Changes the SQL that is left of a file, as no placeholder can: the names of tables, say. */
  rewrite?(sql: string, options: PresetOptions): string;
}

/**
 * Makes a preset from its SQL files.
 *
 * A query without a file `sql/<name>/<query>.sql` is one that the stack does not have. Lines of a file can hang on a flag
 * (`sql-file.ts`): the driver, the names of the boolean options that are true, of the lists that are not empty and of the
 * optional columns that exist. A role of which no line is left has no query.
 */
export function definePreset(spec: PresetSpec): Preset {
  const options = spec.options ?? [];
  return {
    name: spec.name,
    title: spec.title,
    drivers: spec.drivers,
    options,
    plan(given, driver) {
      const values = checkOptions(spec, options, given, driver);
      const constants = spec.constants?.(values) ?? constantsOf(options, values);
      const files = readSqlFiles(spec.name);
      const isSet = Object.keys(values).filter((name) => isOn(values[name]));
      const flags = [driver, ...isSet, ...(spec.flags?.(values) ?? [])];
      const rewrite = (sql: string) => spec.rewrite?.(sql, values) ?? sql;
      const arms = (present: ReadonlySet<string>) =>
        withListingColumns(
          armsOfQueries(queriesOf(files, new Set([...flags, ...present]), rewrite), driver, constants),
        );
      // A mistake in a file must show when the configuration is read, not when the database is first reached.
      arms(new Set(spec.optionalColumns));
      return { optionalColumns: spec.optionalColumns ?? [], arms };
    },
  };
}

// The key, the owner, and what the row is.
const listingColumns = 3;

function withListingColumns(arms: ArmSet): ArmSet {
  const { listing } = arms;
  return listing === undefined ? arms : { ...arms, listing: { ...listing, columnCount: listingColumns } };
}

function queriesOf(files: SqlFiles, flags: ReadonlySet<string>, rewrite: (sql: string) => string): RoleQueries {
  const queries: Partial<Record<keyof RoleQueries, string>> = {};
  for (const [role, text] of files) {
    const sql = keepLines(text, flags);
    if (sql !== "") queries[role] = rewrite(sql);
  }
  return queries;
}

function checkOptions(
  spec: PresetSpec,
  options: readonly PresetOptionSpec[],
  given: PresetOptions,
  driver: SqlDialect,
): PresetOptions {
  const problems: ConfigProblem[] = [];
  if (!spec.drivers.includes(driver)) {
    problems.push({
      path: "",
      message: `the preset ${spec.name} has no SQL for ${driver}, only for ${spec.drivers.join(", ")}`,
    });
  }
  const names = options.map((option) => option.name);
  for (const name of Object.keys(given).filter((name) => !names.includes(name))) {
    problems.push({ path: `options.${name}`, message: unknownOption(spec.name, name, names) });
  }
  const values: Record<string, PresetOption> = {};
  for (const option of options) {
    const value = given[option.name] ?? option.default;
    if (value === undefined)
      problems.push({ path: `options.${option.name}`, message: `expected ${article(option.type)}` });
    else if (!hasType(value, option.type)) {
      problems.push({
        path: `options.${option.name}`,
        message: `expected ${article(option.type)}, got ${JSON.stringify(value)}`,
      });
    } else values[option.name] = value;
  }
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
  return values;
}

function unknownOption(preset: string, name: string, names: readonly string[]): string {
  if (names.length === 0) return `unknown option; the preset ${preset} has none`;
  return `unknown option${didYouMean(name, names)}; the preset ${preset} has ${names.join(", ")}`;
}

const articles = {
  boolean: "true or false",
  integer: "an integer",
  string: "a string",
  list: "a list of strings",
} as const;

function article(type: PresetOptionSpec["type"]): string {
  return articles[type];
}

function hasType(value: PresetOption, type: PresetOptionSpec["type"]): boolean {
  switch (type) {
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "number" && Number.isSafeInteger(value);
    case "string":
      return typeof value === "string";
    case "list":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
  }
}

function constantsOf(options: readonly PresetOptionSpec[], values: PresetOptions): Constants {
  const constants: Record<string, string> = {};
  for (const { name, type } of options) {
    if (type === "integer" || type === "string") constants[name] = String(values[name]);
  }
  return constants;
}

function isOn(value: PresetOption | undefined): boolean {
  return value === true || (Array.isArray(value) && value.length > 0);
}
