/**
 * How mail programs, filters and scripts find the author in a `From:` field: strict and lenient parsers, and the regular expressions
 * that people write. None of them may show somebody else in a field that is accepted.
 */
import assert from "node:assert/strict";
import { type Address, type Group, parseHeader } from "@haraka/email-address";
import { addressesIn } from "../../src/lookup/address-field.ts";

type Reading = (field: string) => readonly string[];

const parse = (options: Parameters<typeof parseHeader>[1]): Reading => {
  return (field) => {
    try {
      const entries: (Address | Group)[] = parseHeader(field, options);
      return entries.flatMap((entry) => ("addresses" in entry ? entry.addresses : [entry])).map((one) => one.original);
    } catch {
      return [];
    }
  };
};
const every = (pattern: RegExp): Reading => {
  return (field) => [...field.matchAll(pattern)].map((match) => match[1] ?? match[0]);
};
// Quoted strings are display text (contract of the milter, rule 4), so a reader of bare addresses is shown none.
const unquoted = (reading: Reading): Reading => {
  return (field) => reading(field.replace(/"(?:[^"\\]|\\.)*"/gs, " "));
};

// One word of the commonest kind, in pieces that a generator puts together.
const decoded = (text: string): string =>
  text.replace(/=\?utf-8\?q\?([\w=@.+-]*)\?=/gi, (_, word: string) =>
    Buffer.from(
      word
        .replaceAll("_", " ")
        .replace(/=([0-9a-f]{2})/gi, (_sign, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
      "latin1",
    ).toString(),
  );

/** Every reading, by name. */
export const readings: Readonly<Record<string, Reading>> = {
  "a strict parser": parse({ startAt: "from" }),
  "a lenient parser": parse({ startAt: "from", postel: true }),
  "the first angle address": (field) => field.match(/<([^>]*)>/)?.slice(1, 2) ?? [],
  "the last angle address": (field) => [field.slice(field.lastIndexOf("<") + 1).split(">", 1)[0] as string],
  "from the first < to the last >": (field) => field.match(/<(.*)>/s)?.slice(1, 2) ?? [],
  "every angle address": every(/<([^<>]+)>/g),
  "an angle address at the end": (field) => field.match(/<([^<>]+)>\s*$/)?.slice(1, 2) ?? [],
  "whatever looks like an address": unquoted(every(/[\w.+-]+@[\w.-]+/g)),
  "whatever holds an @ between blanks and brackets": unquoted(every(/[^\s<>(),;:"\\[\]@]+@[^\s<>(),;:"\\[\]@]+/g)),
  "the pattern of HTML5": unquoted(
    every(/[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9-]+)*/g),
  ),
  "the same without comments": unquoted((field) => field.replace(/\([^()]*\)/g, "").match(/[\w.+-]+@[\w.-]+/g) ?? []),
  "the same without blanks around the @": unquoted(
    (field) => field.replace(/\s*@\s*/g, "@").match(/[\w.+-]+@[\w.-]+/g) ?? [],
  ),
  "comments, decoded, without blanks around the @": unquoted((field) =>
    [...field.matchAll(/\(([^()]*)\)/g)].flatMap(
      ([, comment = ""]) =>
        decoded(comment)
          .replace(/\s*@\s*/g, "@")
          .match(/[\w.+-]+@[\w.-]+/g) ?? [],
    ),
  ),
};

// What a person would take for an address; the patterns also cut out pieces that nobody would.
const address = /^[^\s<>(),;:"\\[\]@?]+@[\p{L}\p{N}.-]+$/u;

/** The only address that its sender owns. */
export const own = "bob@x.example";

/**
 * Checks that a field which would be accepted from the owner of `own` shows nobody else in any reading.
 *
 * @returns how the field was read, in few words, for a fuzzer to tell fields apart
 */
export function checkField(field: string): string {
  const found = addressesIn(field);
  if (found === undefined) return "unreadable";
  assert.ok(found.length > 0);
  assert.deepEqual([...new Set(found)], found);
  const isAccepted = found.every((one) => one === own);
  const counts = Object.entries(readings).map(([name, reading]) => {
    const shown = reading(field.replace(/\r?\n(?=[ \t])/g, "")).map((one) => one.trim());
    const foreign = shown.find((one) => address.test(one) && one !== own);
    if (isAccepted && foreign !== undefined) assert.fail(`accepted, though ${name} shows ${JSON.stringify(foreign)}`);
    return Math.min(2, shown.length);
  });
  const shape = found.map((one) => (one === own ? "own" : one.startsWith("boss@") ? "boss" : "?")).slice(0, 3);
  return `${shape.join(" ")} ${counts.filter((count) => count === 0).length} ${counts.filter((count) => count === 2).length > 4}`;
}
