/**
 * Reads search filters (RFC 4515) in which parts of the key stand, once, when the source is opened.
 *
 * What a lookup puts into a filter is a value and never text that is parsed: no key can change what is asked. Takes what libldap
 * takes (blanks between the parts of `&` and `|`, a filter without its outer parentheses, escapes of LDAPv2), since the filters
 * that people have were written for it.
 */
import type { KeyPart, KeyText } from "./key-text.ts";

/** A value: constant bytes and parts of the key. */
export type FilterValue = readonly (Buffer | KeyPart)[];

/** The ways to compare an attribute with one value. */
export type Comparison = "equal" | "greaterOrEqual" | "lessOrEqual" | "approximate";

/** A filter whose values may hold parts of the key. */
export type FilterTemplate =
  | { readonly kind: "and" | "or"; readonly filters: readonly FilterTemplate[] }
  | { readonly kind: "not"; readonly filter: FilterTemplate }
  | { readonly kind: "present"; readonly attribute: string }
  | { readonly kind: Comparison; readonly attribute: string; readonly value: FilterValue }
  | {
      readonly kind: "substrings";
      readonly attribute: string;
      /** What stands between the stars; the first and the last may be empty. */
      readonly parts: readonly FilterValue[];
    }
  | {
      readonly kind: "extensible";
      readonly attribute: string;
      readonly rule: string;
      readonly hasDn: boolean;
      readonly value: FilterValue;
    };

/** Why a filter cannot be used; completes `query_filter: …`. */
export interface FilterProblem {
  readonly problem: string;
}

/** The filter that every entry passes. */
export const anyEntry: FilterTemplate = { kind: "present", attribute: "objectClass" };

/** Reads a filter. A part of the key may stand in values only. */
export function parseFilter(text: KeyText): FilterTemplate | FilterProblem {
  try {
    return new FilterReader(text).read();
  } catch (error) {
    if (error instanceof Malformed) return { problem: error.message };
    throw error;
  }
}

class Malformed extends Error {}

/** A character of the text, or a part of the key. */
type Sign = string | KeyPart;

const description = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)(?:;[A-Za-z0-9-]+)*$/;
// RFC 4526 has no limit; a filter that is nested deeper was made by a machine that went wrong.
const maxDepth = 50;

class FilterReader {
  readonly #signs: readonly Sign[];
  #at = 0;

  constructor(text: KeyText) {
    this.#signs = text.flatMap((piece): Sign[] => (typeof piece === "string" ? [...piece] : [piece]));
  }

  read(): FilterTemplate {
    this.#skipBlanks();
    if (this.#peek() === undefined) throw new Malformed("is empty");
    if (this.#peek() !== "(") return readItem(this.#signs.slice(this.#at));
    const filter = this.#readGroup(0);
    this.#skipBlanks();
    if (this.#peek() !== undefined) throw new Malformed("goes on after the parenthesis that ends it");
    return filter;
  }

  #readGroup(depth: number): FilterTemplate {
    if (depth > maxDepth) throw new Malformed(`is nested more than ${maxDepth} deep`);
    this.#expect("(");
    this.#skipBlanks();
    const sign = this.#peek();
    if (sign === "(") throw new Malformed("has two parentheses in a row where & | ! or an attribute is expected");
    if (sign === "&" || sign === "|") {
      const filters = this.#readList(depth);
      return { kind: sign === "&" ? "and" : "or", filters };
    }
    if (sign === "!") {
      const [filter, ...others] = this.#readList(depth);
      if (filter === undefined || others.length > 0) throw new Malformed("needs exactly one filter after !");
      return { kind: "not", filter };
    }
    const start = this.#at;
    while (this.#peek() !== ")") {
      if (this.#peek() === "(") throw new Malformed("has a ( in a value: write \\28");
      // What follows a backslash ends nothing.
      if (this.#next() === "\\") this.#next();
    }
    const item = readItem(this.#signs.slice(start, this.#at));
    this.#expect(")");
    return item;
  }

  #readList(depth: number): FilterTemplate[] {
    this.#at++;
    const filters: FilterTemplate[] = [];
    for (this.#skipBlanks(); this.#peek() !== ")"; this.#skipBlanks()) filters.push(this.#readGroup(depth + 1));
    this.#at++;
    return filters;
  }

  #peek(): Sign | undefined {
    return this.#signs[this.#at];
  }

  #next(): Sign {
    const sign = this.#signs[this.#at++];
    if (sign === undefined) throw new Malformed("lacks a closing parenthesis");
    return sign;
  }

  #expect(wanted: string): void {
    const sign = this.#next();
    if (sign !== wanted) throw new Malformed(`expected ${wanted}, got ${show(sign)}`);
  }

  #skipBlanks(): void {
    for (let sign = this.#peek(); typeof sign === "string" && /^[ \t\r\n]$/.test(sign); sign = this.#peek()) this.#at++;
  }
}

function show(sign: Sign): string {
  return typeof sign === "string" ? sign : "a part of the key";
}

const comparisons: Readonly<Record<string, Comparison>> = {
  ">": "greaterOrEqual",
  "<": "lessOrEqual",
  "~": "approximate",
};

/** Reads `attribute=value` and its kin. */
function readItem(signs: readonly Sign[]): FilterTemplate {
  const equals = signs.indexOf("=");
  const head = equals === -1 ? signs : signs.slice(0, equals);
  if (head.some((sign) => typeof sign !== "string")) {
    throw new Malformed("has a part of the key where an attribute is expected: it may stand in values only");
  }
  const left = head.join("");
  if (equals === -1) throw new Malformed(`expected attribute=value, got "${left}"`);
  const right = signs.slice(equals + 1);
  if (left.endsWith(":")) return readExtensible(left.slice(0, -1), right);
  const comparison = comparisons[left.slice(-1)];
  if (comparison !== undefined) {
    return { kind: comparison, attribute: attributeOf(left.slice(0, -1)), value: readValue(right) };
  }
  const attribute = attributeOf(left);
  if (right.length === 1 && right[0] === "*") return { kind: "present", attribute };
  const parts = splitAtStars(right).map(readValue);
  const [only] = parts;
  return parts.length === 1 && only !== undefined
    ? { kind: "equal", attribute, value: only }
    : { kind: "substrings", attribute, parts };
}

/** `attribute:dn:rule:=value`, each of the first three optional. */
function readExtensible(left: string, right: readonly Sign[]): FilterTemplate {
  const [attribute = "", ...words] = left.split(":");
  const hasDn = words[0]?.toLowerCase() === "dn";
  const [rule = "", ...rest] = hasDn ? words.slice(1) : words;
  if (rest.length > 0 || (attribute === "" && rule === "")) {
    throw new Malformed(`expected attribute:dn:rule:=value, got "${left}:="`);
  }
  if (attribute !== "") attributeOf(attribute);
  if (rule !== "") attributeOf(rule);
  return { kind: "extensible", attribute, rule, hasDn, value: readValue(right) };
}

function attributeOf(text: string): string {
  if (!description.test(text)) throw new Malformed(`"${text}" is no name of an attribute`);
  return text;
}

function splitAtStars(signs: readonly Sign[]): Sign[][] {
  const parts: Sign[][] = [[]];
  for (let i = 0; i < signs.length; i++) {
    const sign = signs[i] as Sign;
    if (sign === "*") parts.push([]);
    else parts.at(-1)?.push(sign);
    if (sign === "\\" && i + 1 < signs.length) parts.at(-1)?.push(signs[++i] as Sign);
  }
  return parts;
}

/** Takes the escapes out of a value: `\2a` is a byte, as RFC 4515 has it; `\*` a character, as LDAPv2 had it. */
function readValue(signs: readonly Sign[]): FilterValue {
  const pieces: (Buffer | KeyPart)[] = [];
  let constant: Buffer[] = [];
  const flush = () => {
    if (constant.length > 0) pieces.push(Buffer.concat(constant));
    constant = [];
  };
  for (let i = 0; i < signs.length; i++) {
    const sign = signs[i] as Sign;
    if (typeof sign !== "string") {
      flush();
      pieces.push(sign);
    } else if (sign === "\\") {
      const { bytes, length } = readEscape(signs.slice(i + 1, i + 3));
      constant.push(bytes);
      i += length;
    } else if (sign === "*") throw new Malformed("has a * where none can stand: write \\2a");
    else constant.push(Buffer.from(sign, "utf8"));
  }
  flush();
  return pieces;
}

/** Reads what follows a backslash. */
function readEscape([first = "", second = ""]: readonly Sign[]): { bytes: Buffer; length: number } {
  const digits = typeof first === "string" && typeof second === "string" ? `${first}${second}` : "";
  if (/^[0-9A-Fa-f]{2}$/.test(digits)) return { bytes: Buffer.from(digits, "hex"), length: 2 };
  if (typeof first === "string" && /^[()*\\]$/.test(first)) return { bytes: Buffer.from(first), length: 1 };
  throw new Malformed("has a \\ that is followed by no two hexadecimal digits");
}
