/**
 * What the presets of mail stacks have in common: the options that every site may want, whatever its schema.
 *
 * A stack names its SQL files and what is special about it; `sql/<stack>/` holds the rest.
 */
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import { definePreset, type Preset, type PresetOptionSpec, type PresetOptions, type PresetSpec } from "./preset.ts";

/** A stack: a preset, and which of the common options its schema has no use for. */
export interface StackSpec extends Omit<PresetSpec, "constants" | "flags"> {
  /** Common options that change nothing here, and why; they are accepted with a warning, so that configurations can be alike. */
  readonly idle?: Readonly<Partial<Record<CommonOption, string>>>;
  /** Defaults that differ from those of the other stacks. */
  readonly defaults?: Readonly<Partial<Record<CommonOption, boolean>>>;
}

type CommonOption = (typeof common)[number]["name"];

const common = [
  {
    name: "include_alias",
    type: "boolean",
    default: true,
    help: "The targets of an alias own its address.",
  },
  {
    name: "include_alias_domain",
    type: "boolean",
    default: true,
    help: "The owners of an address own it in every domain that is an alias of its domain.",
  },
  {
    name: "include_catchall",
    type: "boolean",
    default: true,
    help: "The targets of a catch-all own every address of its domain that has no row of its own.",
  },
  {
    name: "include_list_members",
    type: "boolean",
    default: false,
    help: "The members of a list own its address.",
  },
  {
    name: "alias_depth",
    type: "integer",
    default: 1,
    help: "How many aliases in a row are followed to a login; each one above 1 costs another round trip. 1 to 5.",
  },
  {
    name: "extra_owners",
    type: "list",
    default: [],
    help: "Logins that own every address of the hosted domains, on top of its owners.",
  },
] as const satisfies readonly PresetOptionSpec[];

// Deeper chains are a loop or a mistake; each level is a round trip within the same deadline.
const maxAliasDepth = 5;

/**
 * Makes the preset of a stack.
 *
 * Its SQL files know one flag besides options and columns: `follows_aliases`, when `alias_depth` is above 1. `:extra_owners`
 * is bound to all those logins in one cell.
 */
export function defineStack(spec: StackSpec): Preset {
  const shared = common.map((option): PresetOptionSpec => {
    const { name } = option;
    const idle = spec.idle?.[name];
    const help = idle === undefined ? option.help : `Changes nothing: ${idle}.`;
    return { ...option, default: spec.defaults?.[name] ?? option.default, help };
  });
  const own = spec.options ?? [];
  const preset = definePreset({
    ...spec,
    options: [...shared, ...own],
    constants: (options) => ({
      extra_owners: (options["extra_owners"] as readonly string[]).join(","),
      ...Object.fromEntries(own.filter(isConstant).map(({ name }) => [name, String(options[name])])),
    }),
    flags: (options) => ((options["alias_depth"] as number) > 1 ? ["follows_aliases"] : []),
  });
  return {
    ...preset,
    plan(options, driver) {
      const plan = preset.plan(options, driver);
      throwIfWrong(options);
      const aliasDepth = (options["alias_depth"] ?? 1) as number;
      return { ...plan, aliasDepth, warnings: warningsOf(spec.idle, options) };
    },
  };
}

function isConstant({ type }: PresetOptionSpec): boolean {
  return type === "integer" || type === "string";
}

function warningsOf(idle: StackSpec["idle"] = {}, options: PresetOptions): ConfigProblem[] {
  return Object.entries(idle)
    .filter(([name]) => options[name] !== undefined)
    .map(([name, reason]) => ({ path: `options.${name}`, message: `changes nothing: ${reason}` }));
}

/** Checks what a type cannot say. */
function throwIfWrong(options: PresetOptions): void {
  const problems: ConfigProblem[] = [];
  const depth = (options["alias_depth"] ?? 1) as number;
  if (depth < 1 || depth > maxAliasDepth) {
    problems.push({ path: "options.alias_depth", message: `expected 1 to ${maxAliasDepth}, got ${depth}` });
  }
  const owners = (options["extra_owners"] ?? []) as readonly string[];
  for (const login of owners.filter((owner) => owner === "" || /[,\s]/.test(owner))) {
    problems.push({
      path: "options.extra_owners",
      message: `expected logins without commas and white space, which Postfix cannot tell apart; got ${JSON.stringify(login)}`,
    });
  }
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
}
