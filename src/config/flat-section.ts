/**
 * Between the keys of a section of scalars and the settings that follow from them: `max_entries` is `maxEntries`, a duration
 * `ttl` is `ttlMs`. A new key of such a section needs no line here; the compiler tells when its setting is missing.
 */
import { formatDuration } from "./duration.ts";
import type { CompleteOf, Leaf } from "./key.ts";
import { type Milliseconds, path, type ValueType } from "./value-types.ts";

/** The keys of a section that holds scalars alone. */
export type FlatKeys = { readonly [name: string]: Leaf<unknown> };

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type SettingName<Name extends string, L> =
  L extends Leaf<infer T> ? (T extends Milliseconds ? `${CamelCase<Name>}Ms` : CamelCase<Name>) : never;

/** The settings of a flat section: what its keys hold, durations in milliseconds. */
export type FlatSettings<K extends FlatKeys> = {
  readonly [Name in keyof K & string as SettingName<Name, K[Name]>]: CompleteOf<K>[Name];
};

/**
 * Makes settings of the values of a flat section; one that may be absent and is gives `undefined`.
 *
 * @param resolvePath makes a path of the configuration one that the daemon can open
 */
export function toFlatSettings<K extends FlatKeys>(
  keys: K,
  values: CompleteOf<K>,
  resolvePath: (path: string) => string,
): FlatSettings<K> {
  const settings = Object.entries(keys).map(([name, { type }]) => {
    const value: unknown = values[name];
    return [settingName(name, type), type === path && typeof value === "string" ? resolvePath(value) : value];
  });
  return Object.fromEntries(settings);
}

/** Gives the section back as a configuration file would hold it: the other direction of `toFlatSettings`. */
export function describeFlatSettings<K extends FlatKeys>(
  keys: K,
  settings: Readonly<Record<keyof FlatSettings<K>, unknown>>,
): Record<keyof K, unknown> {
  const values: Readonly<Record<string, unknown>> = settings;
  const section = Object.entries(keys).map(([name, { type }]) => {
    const value = values[settingName(name, type)];
    return [name, type.isDuration === true ? formatDuration(value as number) : value];
  });
  return Object.fromEntries(section) as Record<keyof K, unknown>;
}

function settingName(name: string, type: ValueType<unknown>): string {
  const camelCase = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return type.isDuration === true ? `${camelCase}Ms` : camelCase;
}
