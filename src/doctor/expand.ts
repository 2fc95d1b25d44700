/**
 * Expands `$name` in values of main.cf and master.cf, as Postfix does.
 *
 * `postconf -x` does it for main.cf, but not for a value of main.cf that names a parameter which one service overrides.
 *
 * @see postconf(5), "Format of the Postfix configuration file"; mac_expand.c (Postfix 3.7)
 */

/** Gives the value of a parameter as it is written; `undefined` when there is none of this name. */
export type Lookup = (name: string) => string | undefined;

// Postfix gives up on a parameter that names itself; the depth is its own limit (mac_parse, "unreasonable macro call nesting").
const maxDepth = 100;

/** Expands every `$name`, `${name}`, `$(name)`, `${name?text}`, `${name:text}` and `${{a} == {b} ? {text} : {text}}`. */
export function expand(text: string, lookup: Lookup, depth = 0): string {
  if (depth > maxDepth) return "";
  let result = "";
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] !== "$") {
      result += text[i];
      continue;
    }
    const next = text[i + 1];
    if (next === "$") {
      result += "$";
      i += 1;
    } else if (next === "{" || next === "(") {
      const end = closing(text, i + 1);
      result += expandExpression(text.slice(i + 2, end), lookup, depth + 1);
      i = end;
    } else {
      const name = /^\w+/.exec(text.slice(i + 1))?.[0] ?? "";
      result += expandName(name, lookup, depth + 1);
      i += name.length;
    }
  }
  return result;
}

/** Reads a value that is one reference and nothing else: the name it refers to. */
export function soleReference(text: string): string | undefined {
  return /^\s*\$(?:(\w+)|\{(\w+)\}|\((\w+)\))\s*$/.exec(text)?.slice(1).find(Boolean);
}

function expandName(name: string, lookup: Lookup, depth: number): string {
  return expand(lookup(name) ?? "", lookup, depth);
}

function expandExpression(text: string, lookup: Lookup, depth: number): string {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return expandComparison(trimmed, lookup, depth);
  const [, name = "", operator, rest = ""] = /^(\w*)\s*([?:])?(.*)$/s.exec(trimmed) ?? [];
  if (operator === undefined) return expandName(name, lookup, depth);
  return choose(expandName(name, lookup, depth) !== "", operator, rest, lookup, depth);
}

function expandComparison(text: string, lookup: Lookup, depth: number): string {
  const left = takeOperand(text);
  const [, operator = "", afterOperator = ""] = /^\s*([<>=!]+(?:level)?)\s*(.*)$/s.exec(left.rest) ?? [];
  const right = takeOperand(afterOperator);
  const [, branch = "", rest = ""] = /^\s*([?:])(.*)$/s.exec(right.rest) ?? [];
  const order = compare(expand(left.text, lookup, depth), expand(right.text, lookup, depth), operator);
  return choose(holds(order, operator.replace("level", "")), branch, rest, lookup, depth);
}

/** `?` gives its text when the condition holds, `:` when it does not; `? {a} : {b}` is both. */
function choose(isTrue: boolean, operator: string, rest: string, lookup: Lookup, depth: number): string {
  const first = rest.trim();
  if (!first.startsWith("{")) return isTrue === (operator === "?") ? expand(rest, lookup, depth) : "";
  const { text, rest: after } = takeOperand(first);
  if (isTrue === (operator === "?")) return expand(text.trim(), lookup, depth);
  const other = /^\s*:\s*(\{.*)$/s.exec(after)?.[1];
  return operator === "?" && other !== undefined ? expand(takeOperand(other).text.trim(), lookup, depth) : "";
}

function takeOperand(text: string): { readonly text: string; readonly rest: string } {
  if (!text.startsWith("{")) return { text, rest: "" };
  const end = closing(text, 0);
  return { text: text.slice(1, end), rest: text.slice(end + 1) };
}

function compare(left: string, right: string, operator: string): number {
  if (operator.endsWith("level")) return compareLevels(left, right);
  const [a, b] = [left.trim(), right.trim()];
  // Numbers where both sides are numbers, else text.
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares compatibility levels: `3.10` is above `3.6`. */
export function compareLevels(left: string, right: string): number {
  const [a, b] = [left, right].map((level) => level.trim().split(".").map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function holds(order: number, operator: string): boolean {
  switch (operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

/** Finds the brace or parenthesis that closes the one at `start`; the end of the text when none does. */
function closing(text: string, start: number): number {
  const open = text[start] as string;
  const close = open === "{" ? "}" : ")";
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === open) depth += 1;
    if (text[i] === close) depth -= 1;
    if (depth === 0) return i;
  }
  return text.length;
}
