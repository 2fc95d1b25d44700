/**
 * Reads YAML text into a tree of values with their lines.
 *
 * The `yaml` package parses; its messages are not used, since they quote the text around a mistake, which may be a password.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { quote, shownName } from "./mismatch.ts";
import type { Problems } from "./problems.ts";
import { type ConfigNode, type Entry, emptyMapping, type MappingNode, type Place } from "./tree.ts";

// Aliases make a tree of shared branches: one that contains itself has no end, and a few lines can unfold into millions.
const maxDepth = 20;
const maxNodes = 100_000;
const maxAliases = 1_000;

/** What the parser's codes mean to somebody who wrote a configuration file. */
const syntaxMessages: Readonly<Record<string, string>> = {
  BAD_ALIAS: "a value that begins with * must stand in quotes",
  BAD_DQ_ESCAPE: "unknown escape in double quotes: write \\\\ for a backslash, or use single quotes",
  BAD_INDENT: "the indentation does not fit, or a closing ] or } is missing above",
  BAD_SCALAR_START: "a value that begins with @ ` % or ! must stand in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a value that holds a colon and a space must stand in quotes, or the indentation is wrong",
  MISSING_CHAR: "a closing quote or bracket, or a colon after a key, is missing here or above",
  MULTILINE_IMPLICIT_KEY: "a colon after a key is missing, or the indentation is wrong",
  MULTIPLE_DOCS: "expected one document: remove the second ---",
  TAB_AS_INDENT: "a tab cannot indent: use spaces",
  TAG_RESOLVE_FAILED: "a value that begins with ! must stand in quotes",
  UNEXPECTED_TOKEN: "this does not belong here: check quotes, colons and indentation",
};

/**
 * Reads a configuration file.
 *
 * @returns the mapping at the top, empty for an empty file; `undefined` after a syntax error, which `findings` then holds
 */
export function readYaml(text: string, findings: Problems): MappingNode | undefined {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    strict: true,
    stringKeys: false,
    uniqueKeys: false,
  });
  const reader = new DocumentReader(document, lineCounter, findings);
  return reader.read();
}

class DocumentReader {
  readonly #document: Document.Parsed;
  readonly #lineCounter: LineCounter;
  readonly #findings: Problems;
  #nodes = 0;
  #aliases = 0;
  #isBroken = false;

  constructor(document: Document.Parsed, lineCounter: LineCounter, findings: Problems) {
    this.#document = document;
    this.#lineCounter = lineCounter;
    this.#findings = findings;
  }

  read(): MappingNode | undefined {
    const lines = new Set<number>();
    for (const error of [...this.#document.errors, ...this.#document.warnings]) {
      const { line } = this.#lineCounter.linePos(error.pos[0]);
      // One mistake often gives several errors on its line, of which the first says most.
      if (lines.has(line)) continue;
      lines.add(line);
      const message = syntaxMessages[error.code] ?? "no valid YAML: check quotes, colons and indentation";
      this.#findings.problem("", message, { kind: "file", line });
    }
    if (this.#findings.hasProblems) return undefined;

    const top: Place = { kind: "file", line: 1 };
    const { contents } = this.#document;
    if (contents === null) return emptyMapping(top);
    const node = this.#convert(contents, "", 0, top);
    if (this.#isBroken) return undefined;
    if (node.kind === "mapping") return node;
    if (node.kind === "scalar" && node.text === undefined) return emptyMapping(top);
    this.#findings.problem("", "expected keys with values, such as listeners, maps and sources", node.place);
    return undefined;
  }

  #convert(node: Node | null, path: string, depth: number, around: Place): ConfigNode {
    const place = node?.range ? this.#placeAt(node.range[0]) : around;
    this.#nodes += 1;
    if (isAlias(node)) this.#aliases += 1;
    if (this.#isBroken || depth > maxDepth || this.#nodes > maxNodes || this.#aliases > maxAliases) {
      return this.#broken("nested too deeply, or too many aliases", place);
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.#convert(target as Node, path, depth + 1, place);
      return this.#broken(syntaxMessages["BAD_ALIAS"] as string, place);
    }
    if (isMap(node)) return this.#convertMapping(node as YAMLMap<Node, Node | null>, path, depth, place);
    if (isSeq(node)) {
      const items = node.items.map((item, i) => this.#convert(item as Node, `${path}[${i}]`, depth + 1, place));
      return { kind: "list", place, items };
    }
    if (isScalar(node) && node.value !== null) {
      const { value, source } = node;
      return { kind: "scalar", place, text: source ?? String(value), value };
    }
    return { kind: "scalar", place, text: undefined, value: null };
  }

  #convertMapping(map: YAMLMap<Node, Node | null>, path: string, depth: number, place: Place): MappingNode {
    const entries = new Map<string, Entry>();
    for (const { key, value } of map.items) {
      const keyPlace = key.range ? this.#placeAt(key.range[0]) : place;
      if (!isScalar(key) || key.value === null) {
        this.#findings.problem(path, "a key must be a plain word", keyPlace);
        continue;
      }
      const name = key.source ?? String(key.value);
      const inner = path === "" ? shownName(name) : `${path}.${shownName(name)}`;
      const earlier = entries.get(name);
      if (earlier?.place.kind === "file") {
        this.#findings.problem(
          path,
          `${quote(shownName(name))} stands twice, first in line ${earlier.place.line}`,
          keyPlace,
        );
        continue;
      }
      entries.set(name, { place: keyPlace, node: this.#convert(value, inner, depth + 1, keyPlace) });
    }
    return { kind: "mapping", place, entries };
  }

  /** Reports, once, what makes the rest of the file unreadable. */
  #broken(message: string, place: Place): ConfigNode {
    if (!this.#isBroken) this.#findings.problem("", message, place);
    this.#isBroken = true;
    return { kind: "scalar", place, text: undefined, value: null };
  }

  #placeAt(offset: number): Place {
    return { kind: "file", line: this.#lineCounter.linePos(offset).line };
  }
}
