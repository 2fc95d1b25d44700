/** The configuration as it was written, before anyone asks what the keys mean: values with their places. */

/** Where a value was written. */
export type Place =
  | { readonly kind: "file"; readonly line: number }
  | { readonly kind: "environment"; readonly variable: string };

/** A value, by shape. */
export type ConfigNode = ScalarNode | ListNode | MappingNode;

/** One value. */
export interface ScalarNode {
  readonly kind: "scalar";
  readonly place: Place;
  /** As it was written, quotes resolved; `undefined` for nothing at all (`key:`, `~`, `null`). */
  readonly text: string | undefined;
  /** What YAML makes of it; an environment variable is text. */
  readonly value: unknown;
}

/** A list of values. */
export interface ListNode {
  readonly kind: "list";
  readonly place: Place;
  readonly items: ConfigNode[];
}

/** Values by key, in the order of the file. */
export interface MappingNode {
  readonly kind: "mapping";
  readonly place: Place;
  readonly entries: Map<string, Entry>;
}

/** A key of a mapping with its value. */
export interface Entry {
  /** Where the key stands. */
  readonly place: Place;
  readonly node: ConfigNode;
}

/** Makes a mapping without keys. */
export function emptyMapping(place: Place): MappingNode {
  return { kind: "mapping", place, entries: new Map() };
}

/** Names a shape in a message. */
export function describeShape(node: ConfigNode): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "mapping") return "a mapping";
  return node.text === undefined ? "nothing" : "a single value";
}

/** Tells whether nothing was written: `key:`, `~` or `null`. */
export function isNothing(node: ConfigNode): boolean {
  return node.kind === "scalar" && node.text === undefined;
}
