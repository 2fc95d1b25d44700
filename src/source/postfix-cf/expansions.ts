/**
 * The `%` expansions of a query and of a result_format, and which keys they rule out.
 *
 * db_common.c, Postfix 3.7.
 */
import type { Key } from "../../model/keys.ts";

/** A letter or digit that stands for a part of the key or of a cell. */
export type Expansion = "s" | "u" | "d" | "S" | "U" | "D" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** A template in its pieces: text to be taken as it is (`%%` has become `%`), and expansions. */
export type Template = readonly (string | { readonly expansion: Expansion })[];

/**
 * Cuts a template into its pieces.
 *
 * @returns the offending expansion (`%x`, or a `%` at the very end) when Postfix would call the template invalid
 */
export function parseTemplate(text: string): Template | { readonly invalid: string } {
  const pieces: (string | { readonly expansion: Expansion })[] = [];
  let constant = "";
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character !== "%") {
      constant += character;
      continue;
    }
    const letter = text.charAt(++i);
    if (letter === "%") constant += "%";
    else if (/^[sudSUD1-9]$/.test(letter)) {
      if (constant !== "") pieces.push(constant);
      constant = "";
      pieces.push({ expansion: letter as Expansion });
    } else return { invalid: `%${letter}` };
  }
  if (constant !== "") pieces.push(constant);
  return pieces;
}

/** What a key must have, lest its lookup is suppressed: answered "not found" without a query. */
export interface KeyNeeds {
  /** An `@` with something after it. */
  readonly domain: boolean;
  /** Something before the `@`, if there is one. */
  readonly localpart: boolean;
  /** That many labels in its domain. */
  readonly labels: number;
}

/** Works out what keys need; a result_format counts as much as the query, since its parts of the key are known beforehand. */
export function keyNeeds(query: Template, resultFormat: Template): KeyNeeds {
  const inQuery = expansionsOf(query);
  const inResult = expansionsOf(resultFormat);
  const labels = [...inQuery, ...inResult].filter((letter) => /\d/.test(letter)).map(Number);
  const both = [...inQuery, ...inResult];
  return {
    domain: labels.length > 0 || both.includes("D") || inQuery.includes("d"),
    localpart: both.includes("U") || inQuery.includes("u"),
    labels: Math.max(0, ...labels),
  };
}

/** Whether the lookup of a key is not suppressed. */
export function meets(key: Key, needs: KeyNeeds): boolean {
  if (key.email === "") return false;
  if (needs.domain && key.domain === "") return false;
  if (needs.localpart && key.user === "") return false;
  return needs.labels === 0 || labelsOf(key.domain).length >= needs.labels;
}

/** Fills a piece of a query with a key that meets its needs; the value is raw, for a parameter. */
export function fillQuery(pieces: Template, key: Key): string {
  let filled = "";
  for (const piece of pieces) filled += typeof piece === "string" ? piece : partOfKey(piece.expansion, key);
  return filled;
}

/**
 * Makes the function that fills a result_format with one cell.
 *
 * It returns `undefined` when the cell lacks what the format takes of it, and is skipped: a domain for `%d`, a localpart for
 * `%u`. A cell without `@` is its own localpart.
 */
export function resultFiller(format: Template): (cell: string, key: Key) => string | undefined {
  const letters = expansionsOf(format);
  const needsDomain = letters.includes("d");
  const needsLocalpart = letters.includes("u");
  return (cell, key) => {
    const at = cell.lastIndexOf("@");
    if (needsDomain && (at === -1 || at === cell.length - 1)) return undefined;
    if (needsLocalpart && at === 0) return undefined;
    const part = (letter: Expansion) => {
      if (letter === "s") return cell;
      if (letter === "u") return at === -1 ? cell : cell.slice(0, at);
      if (letter === "d") return cell.slice(at + 1);
      return partOfKey(letter, key);
    };
    let filled = "";
    for (const piece of format) filled += typeof piece === "string" ? piece : part(piece.expansion);
    return filled;
  };
}

function partOfKey(letter: Expansion, key: Key): string {
  switch (letter) {
    case "s":
    case "S":
      return key.email;
    case "u":
    case "U":
      return key.user;
    case "d":
    case "D":
      return key.domain;
    default:
      return labelsOf(key.domain).at(-Number(letter)) as string;
  }
}

// Postfix splits with strtok(3) rules: empty labels do not exist.
function labelsOf(domain: string): string[] {
  return domain.split(".").filter((label) => label !== "");
}

function expansionsOf(template: Template): Expansion[] {
  return template.flatMap((piece) => (typeof piece === "string" ? [] : [piece.expansion]));
}
