/** The schema as the documents list it: one entry per key, with its path and how it is written. */
import type { AnyKey, Keys, Leaf, LeafList } from "../../src/config/key.ts";
import { schema } from "../../src/config/schema.ts";

/** A key that holds a value, or the options of a preset. */
export interface DocumentedKey {
  /** `listeners[].mode`, `sources.NAME.tls.verify`. */
  readonly path: string;
  /** The path below its top-level section: `mode`, `tls.verify`. */
  readonly name: string;
  readonly type: string;
  /** The default as the file would hold it, or a word for its absence. */
  readonly fallback: string;
  readonly help: string;
  readonly example: string;
  readonly notes: readonly string[];
}

/** A section with its keys, those of sections inside it included. */
export interface DocumentedSection {
  readonly name: string;
  readonly path: string;
  readonly help: string;
  readonly keys: readonly DocumentedKey[];
}

/** Lists the top-level sections in the order of the schema; `sources` is followed by the sections inside a source. */
export function documentedSections(): DocumentedSection[] {
  return Object.entries<AnyKey>(schema).flatMap(([name, key]) => {
    switch (key.kind) {
      case "section":
        return sectionsOf(name, name, key.help, key.keys);
      case "sectionList":
        return sectionsOf(name, `${name}[]`, key.help, key.keys);
      case "namedSections":
        return sectionsOf(name, `${name}.NAME`, key.help, key.keys);
      default:
        throw new Error(`${name}: only sections stand at the top of the file`);
    }
  });
}

function sectionsOf(name: string, path: string, help: string, keys: Keys): DocumentedSection[] {
  const own: DocumentedKey[] = [];
  const inner: DocumentedSection[] = [];
  for (const [keyName, key] of Object.entries(keys)) {
    switch (key.kind) {
      case "leaf":
      case "leafList":
        own.push(documentValue(`${path}.${keyName}`, keyName, key));
        break;
      case "freeMapping":
        own.push({ ...documentBase(`${path}.${keyName}`, keyName, key), type: "mapping", fallback: "none" });
        break;
      case "section":
        inner.push(...sectionsOf(`${name}.${keyName}`, `${path}.${keyName}`, key.help, key.keys));
        break;
      default:
        throw new Error(`${path}.${keyName}: lists and names stand at the top of the file`);
    }
  }
  return [{ name, path, help, keys: own }, ...inner];
}

function documentValue(path: string, name: string, key: Leaf<unknown> | LeafList<unknown>): DocumentedKey {
  const base = documentBase(path, name, key);
  const bounds = key.type.bounds === undefined ? [] : [`From ${key.type.bounds}.`];
  const secret = key.type.isSecret ? ["A secret: never printed or logged."] : [];
  const notes = [...bounds, ...base.notes, ...secret];
  if (key.kind === "leafList") {
    return { ...base, notes, type: `list of ${key.type.name}s`, fallback: `[${key.fallback.map(quoted).join(", ")}]` };
  }
  return { ...base, notes, type: key.type.name, fallback: fallbackOf(key) };
}

function documentBase(path: string, name: string, key: Extract<AnyKey, { example: string }>) {
  const drivers = key.drivers?.map((driver) => `\`${driver}\``).join(" and ");
  const driver = drivers === undefined ? [] : [`For driver ${drivers}.`];
  const reload = key.reload === "restart" ? ["A change takes effect at the next start."] : [];
  return { path, name, help: key.help, example: key.example, notes: [...driver, ...reload] };
}

function fallbackOf(key: Leaf<unknown>): string {
  if (key.presence === "required") return "required";
  return key.fallback === undefined ? "none" : quotedIfNeeded(key.fallback);
}

function quotedIfNeeded(text: string): string {
  return text === "" || /^[+0]\d*$|:/.test(text) ? quoted(text) : text;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
