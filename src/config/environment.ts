/**
 * Overrides by environment: `LOGINMAPD_CACHE__TTL=5m` is `cache: { ttl: 5m }`.
 *
 * A variable is a path in capitals, its parts joined by `__`. Names that the administrator chose (sources, maps) are matched
 * caselessly, with `_` for `-` and `.`; elements of lists go by their number from 0, and the next free number adds one. A list
 * of single values can also be given whole, separated by commas or blanks.
 */
import { parse as parseYaml } from "yaml";
import { nearestName } from "../model/nearest.ts";
import type { AnyKey, Keys } from "./key.ts";
import type { Problems } from "./problems.ts";
import {
  type ConfigNode,
  emptyMapping,
  isNothing,
  type ListNode,
  type MappingNode,
  type Place,
  type ScalarNode,
} from "./tree.ts";

const prefix = "LOGINMAPD_";

// Read by the command line, not here.
const fileVariable = "LOGINMAPD_CONFIG";

/** The environment, as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Tells whether the environment says anything of a source, without which there is no configuration. */
export function namesSource(env: Environment): boolean {
  return overrides(env).some(([variable]) => variable.startsWith(`${prefix}SOURCES__`));
}

/** Puts the overrides of the environment into the tree. A variable that names no key is a problem, with the nearest known. */
export function applyEnvironment(keys: Keys, tree: MappingNode, env: Environment, findings: Problems): void {
  for (const [variable, value] of overrides(env)) {
    const place: Place = { kind: "environment", variable };
    const parts = variable.slice(prefix.length).split("__");
    const failure = setInSection(keys, tree, parts, { value, place });
    if (failure === undefined) continue;
    findings.problem("", failure === "unknown" ? unknownVariable(variable, keys, tree) : failure, place);
  }
}

function overrides(env: Environment): [string, string][] {
  return Object.entries(env)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[0].startsWith(prefix))
    .filter(([variable]) => variable !== fileVariable)
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
}

interface Override {
  readonly value: string;
  readonly place: Place;
}

/** `undefined` when the override was put in place, `unknown` when there is no such key, else what is wrong. */
type Failure = string | undefined;

function setInSection(keys: Keys, mapping: MappingNode, parts: readonly string[], override: Override): Failure {
  const [part, ...rest] = parts;
  const name = Object.keys(keys).find((key) => key.toUpperCase() === part);
  if (name === undefined) return "unknown";
  const key = keys[name] as AnyKey;
  switch (key.kind) {
    case "leaf":
      if (rest.length > 0) return "unknown";
      setEntry(mapping, name, scalar(override));
      return undefined;
    case "leafList":
      return setInLeafList(mapping, name, rest, override);
    case "section":
      return setInSection(key.keys, childMapping(mapping, name, override.place), rest, override);
    case "sectionList":
      return setInSectionList(key.keys, childList(mapping, name, override.place), rest, override);
    case "namedSections":
      return setInNamed(key.keys, childMapping(mapping, name, override.place), rest, override);
    case "freeMapping":
      if (rest.length !== 1 || rest[0] === "") return "unknown";
      setEntry(childMapping(mapping, name, override.place), (rest[0] as string).toLowerCase(), freeScalar(override));
      return undefined;
  }
}

function setInLeafList(mapping: MappingNode, name: string, rest: readonly string[], override: Override): Failure {
  if (rest.length > 1) return "unknown";
  if (rest.length === 0) {
    const texts = override.value.split(/[,\s]+/).filter((text) => text !== "");
    const items = texts.map((value) => scalar({ ...override, value }));
    setEntry(mapping, name, { kind: "list", place: override.place, items });
    return undefined;
  }
  const list = childList(mapping, name, override.place);
  const index = indexIn(list, rest[0] as string);
  if (typeof index === "string") return index;
  list.items[index] = scalar(override);
  return undefined;
}

function setInSectionList(keys: Keys, list: ListNode, parts: readonly string[], override: Override): Failure {
  const [part = "", ...rest] = parts;
  const index = indexIn(list, part);
  if (typeof index === "string") return index;
  const found = list.items[index];
  const item = found?.kind === "mapping" ? found : emptyMapping(override.place);
  const failure = setInSection(keys, item, rest, override);
  if (failure === undefined && (found === undefined || isNothing(found))) list.items[index] = item;
  return failure;
}

function setInNamed(keys: Keys, mapping: MappingNode, parts: readonly string[], override: Override): Failure {
  const [part = "", ...rest] = parts;
  if (part === "" || rest.length === 0) return "unknown";
  const matches = [...mapping.entries.keys()].filter((name) => variablePart(name) === part);
  if (matches.length > 1) return `names more than one: ${matches.join(", ")}`;
  const name = matches[0] ?? part.toLowerCase();
  const found = mapping.entries.get(name)?.node;
  const item = found?.kind === "mapping" ? found : emptyMapping(override.place);
  const failure = setInSection(keys, item, rest, override);
  if (failure === undefined && (found === undefined || isNothing(found))) setEntry(mapping, name, item);
  return failure;
}

/** Finds the element that a number names: one that is there, or the next. */
function indexIn(list: ListNode, part: string): number | string {
  if (!/^\d{1,4}$/.test(part)) return "unknown";
  const index = Number(part);
  if (index <= list.items.length) return index;
  return `skips a number: the next is ${list.items.length}`;
}

function scalar({ value, place }: Override): ScalarNode {
  return { kind: "scalar", place, text: value, value };
}

/** An option of a preset has no declared type: it is read as YAML would read it in the file. */
function freeScalar({ value, place }: Override): ConfigNode {
  let parsed: unknown = value;
  try {
    const asYaml: unknown = parseYaml(value, { logLevel: "silent" });
    if (typeof asYaml === "number" || typeof asYaml === "boolean") parsed = asYaml;
  } catch {
    // Text that is no YAML is text.
  }
  return { kind: "scalar", place, text: value, value: parsed };
}

function setEntry(mapping: MappingNode, name: string, node: ConfigNode): void {
  mapping.entries.set(name, { place: mapping.entries.get(name)?.place ?? node.place, node });
}

/**
 * The section of a name, made when there is none. Where the file has another shape the section stays apart from the tree: the
 * file's mistake is then found when the tree is read.
 */
function childMapping(mapping: MappingNode, name: string, place: Place): MappingNode {
  const child = mapping.entries.get(name)?.node;
  if (child?.kind === "mapping") return child;
  const made = emptyMapping(place);
  if (child === undefined || isNothing(child)) setEntry(mapping, name, made);
  return made;
}

/** The list of a name, as `childMapping`. */
function childList(mapping: MappingNode, name: string, place: Place): ListNode {
  const child = mapping.entries.get(name)?.node;
  if (child?.kind === "list") return child;
  const made: ListNode = { kind: "list", place, items: [] };
  if (child === undefined || isNothing(child)) setEntry(mapping, name, made);
  return made;
}

/** Writes a name as it stands in a variable: `mail-1` is `MAIL_1`. */
function variablePart(name: string): string {
  return name.toUpperCase().replace(/[.-]/g, "_");
}

function unknownVariable(variable: string, keys: Keys, tree: MappingNode): string {
  const nearest = nearestName(variable, [...knownVariables(keys, tree, prefix), fileVariable]);
  return `names no key of the configuration${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

/** Every variable that would be known, given the names and lists of the file. */
function knownVariables(keys: Keys, mapping: MappingNode | undefined, before: string): string[] {
  return Object.entries(keys).flatMap(([name, key]) =>
    variablesOf(key, mapping?.entries.get(name)?.node, `${before}${name.toUpperCase()}`),
  );
}

function variablesOf(key: AnyKey, node: ConfigNode | undefined, variable: string): string[] {
  switch (key.kind) {
    case "leaf":
    case "leafList":
    case "freeMapping":
      return [variable];
    case "section":
      return knownVariables(key.keys, mappingOf(node), `${variable}__`);
    case "sectionList": {
      const items = node?.kind === "list" ? node.items : [];
      return items.flatMap((item, i) => knownVariables(key.keys, mappingOf(item), `${variable}__${i}__`));
    }
    case "namedSections": {
      const chosen = [...(mappingOf(node)?.entries ?? [])];
      return chosen.flatMap(([name, entry]) =>
        knownVariables(key.keys, mappingOf(entry.node), `${variable}__${variablePart(name)}__`),
      );
    }
  }
}

function mappingOf(node: ConfigNode | undefined): MappingNode | undefined {
  return node?.kind === "mapping" ? node : undefined;
}
