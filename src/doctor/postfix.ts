/**
 * Postfix's configuration as each of its smtpd services has it: main.cf with the `-o` overrides of master.cf on top.
 *
 * Reads what postconf(1) prints, which has sorted out comments, continued lines, defaults and quoting. This folder is pure:
 * it knows neither files nor sockets; what was seen there comes as `Observations`.
 */
import { compareLevels, expand, soleReference } from "./expand.ts";
import type { Change } from "./finding.ts";

/** What postconf printed. */
export interface PostconfOutput {
  /** `postconf`: every parameter of main.cf, defaults included, not expanded. */
  readonly parameters: string;
  /** `postconf -d`: every parameter that Postfix itself has; others are the administrator's own. */
  readonly defaults: string;
  /** `postconf -M`: the services of master.cf. */
  readonly services: string;
  /** `postconf -P`: their overrides. */
  readonly overrides: string;
  /** What it complained of. It does not print a parameter of the administrator's that nothing uses, but warns of it. */
  readonly warnings: readonly string[];
}

/** Parameters as one process of Postfix sees them. */
export interface Parameters {
  /** The value with every `$name` expanded; empty when there is no such parameter. */
  value(name: string): string;
  /** The value as it is written. */
  raw(name: string): string;
  /** Whether the value is that boolean of Postfix: `yes`. */
  isYes(name: string): boolean;
  /** Whether an override of the service, not main.cf, sets it. */
  isOverridden(name: string): boolean;
  /** The line that sets it to another value, where it is set now. A value that only refers to another parameter is left. */
  change(name: string, value: string): Change;
  /** The line that sets it for this service alone, whatever sets it now. For main.cf the same as `change`. */
  override(name: string, value: string): Change;
}

/** One service of master.cf. */
export interface Service extends Parameters {
  readonly name: string;
  /** `inet`, `unix`, `pass`, ... */
  readonly type: string;
  readonly isChrooted: boolean;
}

/** The whole configuration. */
export interface PostfixConfig {
  readonly main: Parameters;
  readonly queueDirectory: string;
  readonly smtpd: readonly Service[];
  /** The service behind `proxy:`; `undefined` when master.cf has none. */
  readonly proxymap: Service | undefined;
  /** The configuration as it would be with these lines in it; lines of other programs change nothing here. */
  with(changes: readonly Change[]): PostfixConfig;
  /** The line that sets now what the change was about: with all the changes since. */
  lineOf(change: Change): Change;
}

/** Reads it. */
export function parsePostfix({ parameters, defaults, services, overrides, warnings }: PostconfOutput): PostfixConfig {
  return assemble({
    values: new Map([...parseUnused(warnings), ...parseParameters(parameters)]),
    builtIn: new Set(parseParameters(defaults).map(([name]) => name)),
    services: services.split("\n").filter((line) => line.trim() !== ""),
    overrides: parseOverrides(overrides),
  });
}

interface MainCf {
  readonly values: ReadonlyMap<string, string>;
  readonly builtIn: ReadonlySet<string>;
}

/** Everything that postconf printed, in parts that a change can replace. */
interface Parts extends MainCf {
  /** Lines of master.cf without their overrides. */
  readonly services: readonly string[];
  /** `name/type` of a service → its overrides. */
  readonly overrides: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const mainCf = "main.cf";

function assemble(parts: Parts): PostfixConfig {
  const all = parts.services.map((line) => parseService(line, parts, parts.overrides));
  const main = parametersOf(parts, new Map(), mainCf);
  return {
    main,
    queueDirectory: main.value("queue_directory"),
    smtpd: all.filter(({ command }) => command === "smtpd"),
    proxymap: all.find(({ command, name }) => command === "proxymap" && name === "proxymap"),
    with: (changes) => assemble(changes.reduce(applyTo, parts)),
    lineOf: ({ where, line, sets }) => {
      if (sets === undefined) return { where, line };
      const values = where === mainCf ? parts.values : parts.overrides.get(serviceKeyOf(where));
      return lineFor(where, sets.name, values?.get(sets.name) ?? "");
    },
  };
}

function applyTo(parts: Parts, { where, sets }: Change): Parts {
  if (sets === undefined) return parts;
  const put = (values: ReadonlyMap<string, string>) => new Map(values).set(sets.name, sets.value);
  if (where === mainCf) return { ...parts, values: put(parts.values) };
  const key = serviceKeyOf(where);
  return { ...parts, overrides: new Map(parts.overrides).set(key, put(parts.overrides.get(key) ?? new Map())) };
}

function placeOfService(name: string, type: string): string {
  return `master.cf, ${name} ${type}`;
}

function serviceKeyOf(place: string): string {
  return place.replace("master.cf, ", "").replace(" ", "/");
}

function parseParameters(text: string): [string, string][] {
  return text.split("\n").flatMap((line): [string, string][] => {
    const [, name, value = ""] = /^(\w+) =\s*(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value]];
  });
}

function parseUnused(warnings: readonly string[]): [string, string][] {
  return warnings.flatMap((warning): [string, string][] => {
    const [, name, value = ""] = /: unused parameter: (\w+)=(.*)$/.exec(warning) ?? [];
    return name === undefined ? [] : [[name, value.trim()]];
  });
}

function parseOverrides(text: string): Map<string, Map<string, string>> {
  const result = new Map<string, Map<string, string>>();
  for (const line of text.split("\n")) {
    const [, service, name, value = ""] = /^(\S+\/\S+)\/(\w+) =\s*(.*)$/.exec(line) ?? [];
    if (service === undefined || name === undefined) continue;
    result.set(service, (result.get(service) ?? new Map()).set(name, value));
  }
  return result;
}

// name type private unpriv chroot wakeup maxproc command: master(5).
function parseService(
  line: string,
  main: MainCf,
  overridesOf: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Service & { readonly command: string } {
  const [name = "", type = "", , , chroot = "", , , command = ""] = line.trim().split(/\s+/);
  const overrides = overridesOf.get(`${name}/${type}`) ?? new Map<string, string>();
  // Before compatibility level 1, a service that does not say is chrooted (master_ent.c, Postfix 3.0).
  const isChrootedByDefault = compareLevels(main.values.get("compatibility_level") ?? "0", "1") < 0;
  return {
    name,
    type,
    command: command.replace(/^.*\//, ""),
    isChrooted: chroot === "y" || (chroot === "-" && isChrootedByDefault),
    ...parametersOf(main, overrides, placeOfService(name, type)),
  };
}

function parametersOf({ values, builtIn }: MainCf, overrides: ReadonlyMap<string, string>, place: string): Parameters {
  const lookup = (name: string) => overrides.get(name) ?? values.get(name);
  const value = (name: string) => expand(lookup(name) ?? "", lookup).trim();
  const change = (name: string, text: string): Change => {
    const target = soleReference(lookup(name) ?? "");
    // A list of the administrator's own, such as $mua_sender_restrictions, is where to change it; not what a parameter of
    // Postfix's own is besides, such as $mydomain.
    if (target !== undefined && !builtIn.has(target) && lookup(target) !== undefined) return change(target, text);
    return lineFor(overrides.has(name) ? place : mainCf, name, text);
  };
  return {
    value,
    raw: (name) => lookup(name) ?? "",
    isYes: (name) => value(name).toLowerCase() === "yes",
    isOverridden: (name) => overrides.has(name),
    change,
    override: (name, text) => lineFor(place, name, text),
  };
}

function lineFor(where: string, name: string, value: string): Change {
  const line = where === mainCf ? `${name} = ${value}`.trimEnd() : formatOverride(name, value);
  return { where, line, sets: { name, value } };
}

/** Writes an override as master.cf has it; the braces keep a value with spaces together (Postfix 3.0). */
function formatOverride(name: string, value: string): string {
  const compact = value.replaceAll(", ", ",");
  return /[\s{}]/.test(compact) ? `-o { ${name} = ${value} }` : `-o ${name}=${compact}`;
}
