/**
 * A list of restrictions read as smtpd reads it: which word is a restriction, which one is the argument of the word before
 * it, and where smtpd gives up.
 *
 * @see generic_checks() and is_map_command() in smtpd_check.c, Postfix 3.7
 */

import { splitList } from "../model/postfix-list.ts";
import { argumentOf } from "./restriction-names.ts";

/** What is wrong with a step. */
export type Fault =
  /** smtpd has no such restriction, and no class of this name is declared. */
  | { readonly kind: "unknown" }
  /** The argument is no table, endpoint or number, or there is none: smtpd says 451 to whoever gets as far as this. */
  | { readonly kind: "argument"; readonly wanted: "a table" | "a policy service" | "a number of seconds" }
  /** The argument is itself a restriction, which is therefore not evaluated. */
  | { readonly kind: "eaten"; readonly word: string }
  /** The list ends before the domain: smtpd logs a warning and goes on. */
  | { readonly kind: "no-domain" };

/** One restriction of a list. */
export interface Step {
  /** In lower case, but for a class, whose name is compared as it is written. */
  readonly name: string;
  readonly argument: string | undefined;
  /** The place of its name among the words of the list. */
  readonly index: number;
  readonly fault: Fault | undefined;
  /** It comes right after `warn_if_reject`: what it refuses is only logged. */
  readonly isWarningOnly: boolean;
}

/**
 * Reads the words of a list. `warn_if_reject` becomes part of the step after it.
 *
 * A word with a colon and no restriction before it is an access table for the list's own subject (the short form of old
 * configurations); its step is named `access` and has the table as its argument.
 */
export function stepsOf(words: readonly string[], classes: readonly string[]): Step[] {
  const steps: Step[] = [];
  let isWarningOnly = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (word.toLowerCase() === "warn_if_reject") {
      isWarningOnly = true;
      continue;
    }
    const step = stepAt(words, index, classes);
    steps.push({ ...step, index, isWarningOnly });
    isWarningOnly = false;
    if (step.argument !== undefined && step.name !== "access") index += 1;
  }
  return steps;
}

function stepAt(
  words: readonly string[],
  index: number,
  classes: readonly string[],
): Pick<Step, "name" | "argument" | "fault"> {
  const word = words[index] as string;
  const next = words[index + 1];
  if (isTable(word)) return { name: "access", argument: word, fault: undefined };
  const name = word.toLowerCase();
  switch (argumentOf(word)) {
    case undefined:
      return { name: word, argument: undefined, fault: classes.includes(word) ? undefined : { kind: "unknown" } };
    case "none":
      return { name, argument: undefined, fault: undefined };
    case "table":
      return withArgument(name, next, isTable, "a table");
    case "endpoint":
      return withArgument(name, next, isTable, "a policy service");
    case "number":
      return withArgument(name, next, (text) => /^\d+$/.test(text), "a number of seconds");
    case "domain": {
      if (next === undefined) return { name, argument: undefined, fault: { kind: "no-domain" } };
      const isEaten = argumentOf(next) !== undefined || classes.includes(next);
      return { name, argument: next, fault: isEaten ? { kind: "eaten", word: next } : undefined };
    }
  }
}

function withArgument(
  name: string,
  next: string | undefined,
  fits: (text: string) => boolean,
  wanted: "a table" | "a policy service" | "a number of seconds",
): Pick<Step, "name" | "argument" | "fault"> {
  return next !== undefined && fits(next)
    ? { name, argument: next, fault: undefined }
    : { name, argument: undefined, fault: { kind: "argument", wanted } };
}

function isTable(word: string): boolean {
  return word.includes(":");
}

/** Joins words with commas, but keeps an argument, and what `warn_if_reject` is about, beside the word before. */
export function formatRestrictions(words: readonly string[]): string {
  return words.reduce((text, word, i) => {
    if (i === 0) return word;
    const before = words[i - 1] as string;
    const argument = argumentOf(before) ?? "none";
    const isBeside = before.toLowerCase() === "warn_if_reject" || (argument !== "none" && !argumentOf(word));
    return isBeside ? `${text} ${word}` : `${text}, ${word}`;
  }, "");
}

/** Takes a restriction out of a list, wherever it stands, with the `warn_if_reject` that is about it. */
export function withoutRestriction(text: string, name: string): string[] {
  const words = splitList(text);
  return words.filter((word, i) => {
    const about = word.toLowerCase() === "warn_if_reject" ? words[i + 1] : word;
    return about?.toLowerCase() !== name;
  });
}
