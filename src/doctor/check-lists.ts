/**
 * Whether smtpd can read its lists of restrictions: names that it knows, an argument behind each that needs one, classes
 * that are declared and defined.
 *
 * @see generic_checks() and smtpd_check_init() in smtpd_check.c; consequences measured with Postfix 3.7.11
 */

import { splitList } from "../model/postfix-list.ts";
import type { Change, Finding } from "./finding.ts";
import type { Patient } from "./observations.ts";
import type { Service } from "./postfix.ts";
import { type Fault, formatRestrictions, type Step, stepsOf } from "./restriction-list.ts";
import { meantBy } from "./restriction-names.ts";
import { classesOf, isMismatch, restrictionLists } from "./restrictions.ts";

const declared = "smtpd_restriction_classes";

const told451 = "Whoever comes to it is told 451 4.3.5 Server configuration error";

/** Finds every word that smtpd cannot use, in lists and classes. */
export function checkLists({ postfix }: Patient): Finding[] {
  return postfix.smtpd.flatMap((service) => [
    ...undefinedClasses(service),
    ...[...restrictionLists, ...classesOf(service)].flatMap((parameter) => faultsIn(service, parameter)),
  ]);
}

function undefinedClasses(service: Service): Finding[] {
  const classes = classesOf(service);
  return classes
    .filter((name) => service.value(name) === "")
    .map((name) => ({
      check: "class-undefined",
      severity: "error",
      services: [service.name],
      title: `${declared} names ${name}, which is not set`,
      consequence: "smtpd ends with `fatal: restriction class needs a definition` before it greets: the port is dead.",
      changes: [service.change(declared, classes.filter((other) => other !== name).join(", "))],
    }));
}

function faultsIn(service: Service, parameter: string): Finding[] {
  const words = splitList(service.value(parameter));
  return stepsOf(words, classesOf(service)).flatMap((step): Finding[] => {
    const { fault } = step;
    return fault === undefined
      ? []
      : [{ services: [service.name], ...describe(step, fault, parameter, service, words) }];
  });
}

function describe(
  step: Step,
  fault: Fault,
  parameter: string,
  service: Service,
  words: readonly string[],
): Omit<Finding, "services"> {
  const { name, index } = step;
  const dropped = [service.change(parameter, formatRestrictions(withoutWord(words, index)))];
  switch (fault.kind) {
    case "unknown":
      return { ...describeUnknown(name, parameter, service, words), check: "restriction-unknown", severity: "error" };
    case "argument":
      return {
        check: "argument-missing",
        severity: "error",
        title: `${name} in ${parameter} has no argument: ${fault.wanted} is expected in place of ${words[index + 1] ?? "the end of the list"}`,
        consequence: `${told451}; give it what it needs, or drop it.`,
        changes: dropped,
      };
    case "eaten":
      return {
        check: "argument-eaten",
        severity: isMismatch(fault.word.toLowerCase()) ? "critical" : "warning",
        title: `${name} in ${parameter} has no domain: it takes ${fault.word} for one`,
        consequence: isMismatch(fault.word.toLowerCase())
          ? `${fault.word} is not evaluated here, so that a login may send as any address.`
          : `${fault.word} is not evaluated, and the list asked for has no such name.`,
        changes: dropped,
      };
    case "no-domain":
      return {
        check: "argument-missing",
        severity: "notice",
        title: `${name} in ${parameter} has no domain behind it`,
        consequence: "smtpd logs a warning and goes on without it.",
        changes: dropped,
      };
  }
}

/** Told as what it is: a misspelt name, a class that is not declared, or neither. */
function describeUnknown(
  word: string,
  parameter: string,
  service: Service,
  words: readonly string[],
): Pick<Finding, "title" | "consequence" | "changes"> {
  const consequence = `${told451} (unknown smtpd restriction: "${word}" in Postfix's log).`;
  if (/^\w+$/.test(word) && service.value(word) !== "") {
    const classes = [...classesOf(service), word].join(", ");
    return {
      title: `${parameter} names the class ${word}, which ${declared} does not declare`,
      consequence,
      changes: [service.change(declared, classes)],
    };
  }
  const meant = meantBy(word);
  const without = (text: readonly string[]): Change => service.change(parameter, formatRestrictions(text));
  if (meant !== undefined) {
    return {
      title: `${parameter} names ${word}, which is no restriction; ${meant} is`,
      consequence,
      changes: [without(words.map((one) => (one === word ? meant : one)))],
    };
  }
  return {
    title: `${parameter} names ${word}, which is neither a restriction nor a class that is set`,
    consequence,
    changes: [without(words.filter((one, i) => one !== word && !isAbout(words, i, word)))],
  };
}

/** Takes out one word, and the `warn_if_reject` that is about it. */
function withoutWord(words: readonly string[], index: number): string[] {
  return words.filter((_, i) => i !== index && !(i === index - 1 && isWarn(words[i])));
}

function isAbout(words: readonly string[], i: number, word: string): boolean {
  return isWarn(words[i]) && words[i + 1] === word;
}

function isWarn(word: string | undefined): boolean {
  return word?.toLowerCase() === "warn_if_reject";
}
