/**
 * Which addresses a header field shows: read strictly, and then as any mail program might misread it.
 *
 * No single reading is what the recipient sees: of 48 awkward fields, two parsers of one standard library disagree on 16. So a field
 * counts for every address that some reading finds in it, and what has no reading at all is refused
 * (docs/decisions/0011-header-addresses.md, docs/security.md).
 */
import { parseHeader } from "@haraka/email-address";
import { decodeEncodedWords, holdsEncodedWord, withoutWrappers } from "./encoded-words.ts";
import { type FieldOutline, outlineOf } from "./field-outline.ts";

// Characters of a display name that is read strictly. No mail program writes longer ones, and the parser takes quadratic time for one
// of many words: 0.3 s for 50,000 characters, 0.1 ms for these.
const maxPhrase = 512;
// Signs of each kind in one field; more cannot be read. Twice what may be claimed, since an address may stand in its display name too.
const maxSigns = 2000;
// Line feeds are those of folds, tabs are blanks; no other control character has a place in a field.
const controls = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\n(?![ \t])|\r(?!\n)/;
const folds = /\r?\n(?=[ \t])/g;
// What looks like an @ and is none to a parser: the fullwidth and the small commercial at.
const lookalikes = /[\uff20\ufe6b]/g;
// What can be no part of an address wherever it stands unquoted, line breaks of Unicode included; control characters stand in encoded words only.
const delimiters = /[\s\0-\x1f\x7f<>(),;:"\\[\]]+/;
const angle = /[<>]/;
// What ends a display name early: to a grammar, or to a program that takes a NUL or the end of a line for the end of everything.
const structure = /[<>(),;:"\0-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a field.
 *
 * @param value the field's body, folded or not
 * @returns every address that any reading shows, as it stands there, without duplicates; at least one. `undefined` when the field
 *   cannot be read: without any address, with a control character, with an `@` that belongs to nothing, with an encoded word in
 *   an address
 */
export function addressesIn(value: string): readonly string[] | undefined {
  if (controls.test(value) || holdsMore(value, "@", maxSigns) || holdsMore(value, "=?", maxSigns)) return undefined;
  const field = value.replace(folds, "");
  const outline = outlineOf(field);
  const strict = outline.longestPhrase > maxPhrase ? undefined : readStrictly(field);
  // A quoted string with an angle bracket in it deceives whoever looks for <…> before quotes.
  const isTrusted = strict !== undefined && !outline.displayed.some((text) => angle.test(text));
  const suspicious = isTrusted ? trustedRunsOf(outline) : everyRunOf(withoutWrappers(field));
  if (suspicious.isBroken) return undefined;
  const found = new Set([
    ...(strict ?? []),
    ...suspicious.addresses,
    ...addressesOnceDecoded(field, outline, isTrusted),
  ]);
  return found.size === 0 || [...found].some(holdsEncodedWord) ? undefined : [...found];
}

/**
 * What a program shows that decodes a field before it takes it apart. A display name may say anything once it is decoded, but not end
 * early and begin an address of its own; a comment is no display name, and shows what it says.
 */
function addressesOnceDecoded(
  field: string,
  { displayed, comments }: FieldOutline,
  isTrusted: boolean,
): readonly string[] {
  if (!holdsEncodedWord(field)) return [];
  const { text, words } = decodeEncodedWords(field);
  const endsEarly = structure.test(words) && withPlainAts([words, ...displayed].join(" ")).includes("@");
  const inComments = addressesInComments(comments.map((comment) => decodeEncodedWords(comment).text));
  return isTrusted && !endsEarly ? inComments : [...everyRunOf(text).addresses, ...inComments];
}

/**
 * Reads by RFC 5322 and 6532: groups, comments, folds and obsolete routes are taken; an unquoted `@` in a display name is not.
 *
 * @returns `undefined` when the field is not well formed
 */
function readStrictly(field: string): string[] | undefined {
  try {
    return parseHeader(field, { startAt: "from", allowAtInDisplayName: false })
      .flatMap((entry) => ("addresses" in entry ? entry.addresses : [entry]))
      .map(({ original }) => original);
  } catch {
    // The parser throws for whatever is not well formed, and has no other errors. It is then read with suspicion, never passed.
    return undefined;
  }
}

/** Whether a sign stands in the text more often than `most` times. */
function holdsMore(text: string, sign: string, most: number): boolean {
  let count = 0;
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + sign.length))
    if (++count > most) return true;
  return false;
}

/** Addresses found by their looks. */
interface Runs {
  readonly addresses: readonly string[];
  /** Whether there is an `@` without something before and after it. */
  readonly isBroken: boolean;
}

/** The runs of a field that is well formed: blanks in it mean something, but in comments. */
function trustedRunsOf({ rest, comments }: FieldOutline): Runs {
  return { addresses: [...runsOf(rest).addresses, ...addressesInComments(comments)], isBroken: false };
}

/** Comments are free text, quotes and all: a program may take blanks, quotes and what stands in parentheses away before it looks. */
function addressesInComments(comments: readonly string[]): readonly string[] {
  return comments.flatMap((comment) => everyRunOf(comment.replaceAll('"', " ")).addresses);
}

/**
 * The runs of a text as it is, and as it is without blanks around `@` and dots, with its comments and without them: of a field that is
 * not well formed nobody can say what its comments are.
 */
function everyRunOf(text: string): Runs {
  const joined = runsOf(withoutBlanks(text));
  const outside = runsOf(withoutBlanks(withoutComments(text)));
  return {
    addresses: [...runsOf(text).addresses, ...joined.addresses, ...outside.addresses],
    isBroken: joined.isBroken || outside.isBroken,
  };
}

/** Takes away the blanks around `@` and dots. */
function withoutBlanks(text: string): string {
  return text.replace(/\s+/g, " ").replace(/ ?([@.]) ?/g, "$1");
}

/** Finds what looks like an address: an `@` with what stands on both sides of it. Of `a@b@c` and `@a@b` each pair counts, and the whole. */
function runsOf(text: string): Runs {
  const normal = withPlainAts(text);
  if (!normal.includes("@")) return { addresses: [], isBroken: false };
  const addresses: string[] = [];
  let isBroken = false;
  for (const run of normal.split(delimiters)) {
    if (!run.includes("@")) continue;
    const parts = run.split("@");
    const isWhole = !parts.includes("");
    if (!isWhole) isBroken = true;
    if (isWhole || parts.length > 2) addresses.push(run);
    for (let i = 1; i < parts.length; i++) {
      const [localpart, domain] = [parts[i - 1], parts[i]];
      if (parts.length > 2 && localpart && domain) addresses.push(`${localpart}@${domain}`);
    }
  }
  return { addresses, isBroken };
}

function withPlainAts(text: string): string {
  return text.replace(lookalikes, "@");
}

/** Takes comments out, nested ones too; a parenthesis that does not close is text, whatever closes before or behind it. */
function withoutComments(text: string): string {
  const kept: string[] = [];
  const opened: number[] = [];
  for (const character of text) {
    const start = character === ")" ? opened.pop() : undefined;
    if (character === "(") opened.push(kept.length);
    if (start === undefined) kept.push(character);
    else kept.length = start;
  }
  return kept.join("");
}
