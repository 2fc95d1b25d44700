/** Nodes of the `yaml` package for a configuration that an administrator reads: keys with comments, short lists on one line. */
import { Document, isNode, type Node, Pair, Scalar, YAMLMap, type YAMLSeq } from "yaml";

/** A key of a mapping. */
export interface CommentedEntry {
  readonly key: string;
  /** A node, or a plain value to make one of; the key is left out when it is `undefined`. */
  readonly value: unknown;
  /** Lines of comment above the key. */
  readonly before?: readonly string[];
}

/**
 * A mapping in block style, in the order of its entries.
 *
 * @param after lines of comment below the last key
 */
export function mapping(entries: readonly CommentedEntry[], after: readonly string[] = []): YAMLMap {
  const map = new YAMLMap();
  for (const { key, value, before = [] } of entries) {
    if (value === undefined) continue;
    const name = new Scalar(key);
    if (before.length > 0) name.commentBefore = comment(before);
    map.items.push(new Pair(name, isNode(value) ? value : plain(value)));
  }
  if (after.length > 0) map.comment = comment(after);
  return map;
}

/** The entries of an object, without comments. */
export function entriesOf(values: Readonly<Record<string, unknown>>): CommentedEntry[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

/** A list or mapping on one line. */
export function flow(value: readonly unknown[] | Readonly<Record<string, unknown>>): Node {
  const node = createNode(value) as YAMLMap | YAMLSeq;
  node.flow = true;
  return node;
}

/** Text as a block scalar, so that SQL reads as SQL; the library quotes what a block cannot show. */
export function block(text: string): Node {
  const scalar = new Scalar(text);
  scalar.type = Scalar.BLOCK_LITERAL;
  return scalar;
}

/** The node of a value with a comment at the end of its line. */
export function remarked(value: unknown, remark: string): Node {
  const node = isNode(value) ? value : plain(value);
  node.comment = comment([remark]);
  return node;
}

/**
 * The text of a configuration.
 *
 * @param head lines of comment at its top
 */
export function writeYaml(contents: YAMLMap, head: readonly string[]): string {
  const document = new Document(contents);
  document.commentBefore = comment(head);
  return document.toString({ lineWidth: 0 });
}

function plain(value: unknown): Node {
  return Array.isArray(value) ? flow(value) : createNode(value);
}

function createNode(value: unknown): Node {
  return new Document().createNode(value, { aliasDuplicateObjects: false });
}

/** Each line stays one: what a reader of YAML, or a terminal, could take for the end of a comment becomes a blank. */
function comment(lines: readonly string[]): string {
  return lines.map((line) => ` ${line.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+/g, " ")}`).join("\n");
}
