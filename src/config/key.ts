/**
 * The words in which schema.ts states the keys of the configuration, and the types that follow from them.
 *
 * A section is a record of keys. Reading one gives a draft, in which what was missing or wrong is `undefined`; once no
 * problem was found, the draft is complete.
 */
import type { ValueType } from "./value-types.ts";

/** When a changed value takes effect: at SIGHUP, or at the next start. */
type Reload = "reload" | "restart";

/** The drivers of sources. */
export type Driver = "mysql" | "pgsql" | "sqlite" | "ldap" | "texthash" | "identity";

/** What the documentation says of every key. */
export interface KeyText {
  /** Sentences for the manual: what it does, what its edges mean. */
  readonly help: string;
  /** A value as the file would hold it. */
  readonly example: string;
  readonly reload?: Reload;
  /** The drivers that it belongs to, if not to all. */
  readonly drivers?: readonly Driver[];
}

/** Whether a key is always there once the configuration is valid. */
type Presence = "required" | "default" | "optional";

/** A scalar. */
export interface Leaf<T, P extends Presence = Presence> extends KeyText {
  readonly kind: "leaf";
  readonly presence: P;
  readonly type: ValueType<T>;
  /** The default as the file would hold it; set when `presence` is `default`. */
  readonly fallback?: string;
}

/** A list of scalars; an absent one has the elements of `fallback`. */
export interface LeafList<T> extends KeyText {
  readonly kind: "leafList";
  readonly type: ValueType<T>;
  readonly fallback: readonly string[];
}

/** A mapping with the keys of `keys`; an absent one has its defaults, unless it is optional. */
export interface Section<K extends Keys, P extends Presence = Presence> {
  readonly kind: "section";
  readonly presence: P;
  readonly keys: K;
  readonly help: string;
  /** The drivers that it belongs to, if not to all. */
  readonly drivers?: readonly Driver[];
}

/** A list of mappings that share their keys. */
export interface SectionList<K extends Keys> {
  readonly kind: "sectionList";
  readonly keys: K;
  readonly help: string;
  /** What one element is called. */
  readonly element: string;
}

/** A mapping whose names the administrator chooses. */
export interface NamedSections<K extends Keys> {
  readonly kind: "namedSections";
  readonly keys: K;
  readonly help: string;
  readonly element: string;
}

/** A mapping whose keys this schema does not know: the options of a preset. */
export interface FreeMapping extends KeyText {
  readonly kind: "freeMapping";
}

/** Any key. */
export type AnyKey =
  | Leaf<unknown>
  | LeafList<unknown>
  | Section<Keys>
  | SectionList<Keys>
  | NamedSections<Keys>
  | FreeMapping;

/** The keys of a section by name. */
export type Keys = { readonly [name: string]: AnyKey };

/** A value of a free mapping, as YAML gives it. */
export type FreeValue = string | number | boolean | readonly string[];

/** What reading a key gave: `undefined` stands for missing or wrong. */
export type Draft<S> =
  S extends Leaf<infer T>
    ? T | undefined
    : S extends LeafList<infer T>
      ? readonly T[]
      : S extends Section<infer K, infer P>
        ? DraftOf<K> | ("optional" extends P ? undefined : never)
        : S extends SectionList<infer K>
          ? readonly DraftOf<K>[]
          : S extends NamedSections<infer K>
            ? ReadonlyMap<string, DraftOf<K>>
            : S extends FreeMapping
              ? Readonly<Record<string, FreeValue>>
              : never;

/** What reading the keys of a section gave. */
export type DraftOf<K extends Keys> = { readonly [Name in keyof K]: Draft<K[Name]> };

/** A draft of a configuration without problems: keys that are required or have a default are there. */
type Complete<S> =
  S extends Leaf<infer T, infer P>
    ? T | (P extends "optional" ? undefined : never)
    : S extends Section<infer K, infer P>
      ? CompleteOf<K> | ("optional" extends P ? undefined : never)
      : S extends SectionList<infer K>
        ? readonly CompleteOf<K>[]
        : S extends NamedSections<infer K>
          ? ReadonlyMap<string, CompleteOf<K>>
          : Draft<S>;

/** The keys of a section of a configuration without problems. */
export type CompleteOf<K extends Keys> = { readonly [Name in keyof K]: Complete<K[Name]> };

/** A key without which the configuration is refused. */
export function required<T>(type: ValueType<T>, words: KeyText): Leaf<T, "required"> {
  return { kind: "leaf", presence: "required", type, ...words };
}

/** A key that has `fallback` when it is absent. */
export function withDefault<T>(type: ValueType<T>, fallback: string, words: KeyText): Leaf<T, "default"> {
  return { kind: "leaf", presence: "default", type, fallback, ...words };
}

/** A key that may be absent. */
export function optional<T>(type: ValueType<T>, words: KeyText): Leaf<T, "optional"> {
  return { kind: "leaf", presence: "optional", type, ...words };
}

/** A list of scalars. */
export function listOf<T>(type: ValueType<T>, fallback: readonly string[], words: KeyText): LeafList<T> {
  return { kind: "leafList", type, fallback, ...words };
}

/** A section that is always there, with its defaults when the file has none. */
export function section<K extends Keys>(help: string, keys: K): Section<K, "default"> {
  return { kind: "section", presence: "default", keys, help };
}

/** A section whose mere presence says something. */
export function optionalSection<K extends Keys>(
  help: string,
  keys: K,
  words: { readonly drivers?: readonly Driver[] } = {},
): Section<K, "optional"> {
  return { kind: "section", presence: "optional", keys, help, ...words };
}

/** A list of sections. */
export function sectionList<K extends Keys>(element: string, help: string, keys: K): SectionList<K> {
  return { kind: "sectionList", keys, help, element };
}

/** Sections by a name that the administrator chooses. */
export function namedSections<K extends Keys>(element: string, help: string, keys: K): NamedSections<K> {
  return { kind: "namedSections", keys, help, element };
}

/** A mapping that somebody else checks. */
export function freeMapping(words: KeyText): FreeMapping {
  return { kind: "freeMapping", ...words };
}
