/** Reads a tree of values by the schema: unknown keys, missing keys, wrong shapes, wrong values; all of them at once. */

import { nearestOrKnown } from "../model/nearest.ts";
import type { AnyKey, Draft, DraftOf, FreeValue, Keys, Leaf, LeafList } from "./key.ts";
import { Mismatch, quote, shownName } from "./mismatch.ts";
import type { Problems } from "./problems.ts";
import { type ConfigNode, describeShape, emptyMapping, isNothing, type MappingNode } from "./tree.ts";
import type { ValueType } from "./value-types.ts";

// Names appear in paths, in environment variables (where . _ - are one) and as labels of metrics, and a map's name stands
// between a colon and a blank on the wire.
const namePattern = /^(?=.{1,64}$)[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/;

/**
 * Reads the keys of a mapping.
 *
 * @param path of the mapping; empty for the whole file
 * @param mapping `undefined` when it is absent: every key then has its default
 * @returns a draft; what was wrong is `undefined` in it and a problem in `findings`
 */
export function readKeys<K extends Keys>(
  keys: K,
  mapping: MappingNode | undefined,
  path: string,
  findings: Problems,
): DraftOf<K> {
  // The whole file has no line of its own.
  if (mapping !== undefined && path !== "") findings.locate(path, mapping.place);
  for (const [name, { place }] of mapping?.entries ?? []) {
    if (Object.hasOwn(keys, name)) continue;
    findings.problem(join(path, shownName(name)), `unknown key${nearestOrKnown(name, Object.keys(keys))}`, place);
  }
  const draft: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(keys)) {
    draft[name] = readKey(key, mapping?.entries.get(name)?.node, join(path, name), findings);
  }
  // The loop gives each name what its key reads, which is what DraftOf says.
  return draft as DraftOf<K>;
}

function readKey(key: AnyKey, node: ConfigNode | undefined, path: string, findings: Problems): unknown {
  if (node !== undefined) findings.locate(path, node.place);
  switch (key.kind) {
    case "leaf":
      return readLeaf(key, node, path, findings);
    case "leafList":
      return readLeafList(key, node, path, findings);
    case "section":
      if (node === undefined && key.presence === "optional") return undefined;
      return readKeys(key.keys, asMapping(node, path, findings), path, findings);
    case "sectionList":
      return asItems(node, `a list of ${key.element}s`, path, findings).map((item, i) => {
        findings.locate(`${path}[${i}]`, item.place);
        return readKeys(key.keys, asMapping(item, `${path}[${i}]`, findings), `${path}[${i}]`, findings);
      });
    case "namedSections":
      return readNamed(key.keys, key.element, asMapping(node, path, findings), path, findings);
    case "freeMapping":
      return readFreeMapping(asMapping(node, path, findings), path, findings);
  }
}

function readLeaf<T>(key: Leaf<T>, node: ConfigNode | undefined, path: string, findings: Problems): Draft<Leaf<T>> {
  if (node !== undefined) return readScalar(key.type, node, path, findings);
  if (key.fallback !== undefined) return readFallback(key.type, key.fallback);
  if (key.presence === "required") findings.problem(path, `is required, such as ${key.example}`);
  return undefined;
}

function readLeafList<T>(key: LeafList<T>, node: ConfigNode | undefined, path: string, findings: Problems): T[] {
  if (node === undefined) return key.fallback.map((text) => readFallback(key.type, text));
  return asItems(node, `a list such as ${key.example}`, path, findings).flatMap((item, i) => {
    const value = readScalar(key.type, item, `${path}[${i}]`, findings);
    return value === undefined ? [] : [value];
  });
}

function readScalar<T>(type: ValueType<T>, node: ConfigNode, path: string, findings: Problems): T | undefined {
  findings.locate(path, node.place);
  if (node.kind !== "scalar") {
    findings.problem(path, `expected ${type.expected}, got ${describeShape(node)}`);
    return undefined;
  }
  if (node.text === undefined) {
    // `key: #secret` and `key: &secret` are nothing to YAML, which is never what was meant.
    findings.problem(
      path,
      `expected ${type.expected}, got nothing; a value that begins with # or & must stand in quotes`,
    );
    return undefined;
  }
  const value = type.read(node.text);
  if (!(value instanceof Mismatch)) return value;
  findings.problem(path, value.message);
  return undefined;
}

/** Reads a default of the schema, which a test holds to be valid. */
function readFallback<T>(type: ValueType<T>, text: string): T {
  const value = type.read(text);
  if (value instanceof Mismatch) throw new Error(`the schema has a bad default: ${value.message}`);
  return value;
}

function readNamed<K extends Keys>(
  keys: K,
  element: string,
  mapping: MappingNode | undefined,
  path: string,
  findings: Problems,
): ReadonlyMap<string, DraftOf<K>> {
  const drafts = new Map<string, DraftOf<K>>();
  for (const [name, { place, node }] of mapping?.entries ?? []) {
    const inner = join(path, name);
    findings.locate(inner, place);
    if (!namePattern.test(name)) {
      findings.problem(
        path,
        `the name of a ${element} has at most 64 letters and digits, joined by single . _ or -, got ${quote(name)}`,
        place,
      );
    }
    drafts.set(name, readKeys(keys, asMapping(node, inner, findings), inner, findings));
  }
  return drafts;
}

function readFreeMapping(
  mapping: MappingNode | undefined,
  path: string,
  findings: Problems,
): Readonly<Record<string, FreeValue>> {
  const values: Record<string, FreeValue> = Object.create(null);
  for (const [name, { node }] of mapping?.entries ?? []) {
    const inner = join(path, name);
    findings.locate(inner, node.place);
    const value = freeValueOf(node);
    if (value === undefined)
      findings.problem(inner, `expected a single value or a list of texts, got ${describeShape(node)}`);
    else values[name] = value;
  }
  return values;
}

function freeValueOf(node: ConfigNode): FreeValue | undefined {
  if (node.kind === "scalar") {
    const { value } = node;
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
  }
  if (node.kind === "mapping") return undefined;
  const texts = node.items.map((item) => (item.kind === "scalar" ? item.text : undefined));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

function asMapping(node: ConfigNode | undefined, path: string, findings: Problems): MappingNode | undefined {
  if (node === undefined || node.kind === "mapping") return node;
  // `cache:` with every key below it commented out.
  if (isNothing(node)) return emptyMapping(node.place);
  findings.problem(path, `expected keys with values, got ${describeShape(node)}`, node.place);
  return undefined;
}

function asItems(node: ConfigNode | undefined, expected: string, path: string, findings: Problems): ConfigNode[] {
  if (node === undefined) return [];
  if (node.kind === "list") return node.items;
  if (isNothing(node)) return [];
  findings.problem(path, `expected ${expected}, got ${describeShape(node)}`, node.place);
  return [];
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
