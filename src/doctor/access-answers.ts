/**
 * What an access table answers: whether an answer lets the client pass, or refuses it.
 *
 * Only tables whose rules stand in the configuration (`inline:`, `static:`) can be read here; the rules of others come as
 * observations.
 *
 * @see access(5); check_table_result() in smtpd_check.c, Postfix 3.7
 */

import { splitList } from "../model/postfix-list.ts";
import type { Observations, Rule } from "./observations.ts";
import type { Service } from "./postfix.ts";
import { stepsOf } from "./restriction-list.ts";
import { classesOf, hasAnswers, isMismatch, permitsAnybody, restrictionLists, stepsIn } from "./restrictions.ts";

/** Reads the rules of a table; `undefined` when nobody could look at them. */
export function rulesOf(table: string, { accessTables }: Observations): readonly Rule[] | undefined {
  const [, type, text = ""] = /^(inline|static):(.*)$/s.exec(table) ?? [];
  if (type === undefined) return accessTables.get(table);
  if (type === "static") return [{ key: "", answer: inBraces(text) ?? text }];
  return splitList(inBraces(text) ?? "").map((word) => {
    const [, key = "", answer = ""] = /^([^=]*?)\s*=\s*(.*)$/s.exec(inBraces(word) ?? word) ?? [];
    return { key, answer: answer.trim() };
  });
}

function inBraces(text: string): string | undefined {
  return /^\s*\{\s*(.*?)\s*\}\s*$/s.exec(text)?.[1];
}

const withoutEffect = /^(dunno|info|warn|filter|hold|redirect|bcc|prepend|defer_if_reject|defer_if_permit)$/;
const refusals = /^(reject|defer|hangup|discard)$/;

/** Tells whether an answer lets somebody pass: OK, RELAY, digits alone, or restrictions with a permit among them. */
export function isPermit(answer: string, service: Service): boolean {
  const [action = ""] = answer.toLowerCase().split(/\s/);
  if (/^(ok|relay)$/.test(action) || /^\d+$/.test(answer)) return true;
  if (withoutEffect.test(action) || refusals.test(action) || /^[45]\d\d\s/.test(answer)) return false;
  return namesIn(answer, service).some((name) => permitsAnybody(name, service));
}

/** Tells whether an answer refuses a client that is logged in, whoever it is. */
export function isRefusal(answer: string, service: Service): boolean {
  const [action = ""] = answer.toLowerCase().split(/\s/);
  if (refusals.test(action) || /^[45]\d\d\s/.test(answer)) return true;
  const classes = classesOf(service).filter((name) => splitList(answer).includes(name));
  return classes.some((name) =>
    stepsIn(service, name).some(
      (step) =>
        step.name === "reject" ||
        (step.name === "check_sasl_access" && /^static:\s*\{?\s*([45]\d\d|reject)\b/i.test(step.argument ?? "")),
    ),
  );
}

/**
 * Tells whether an access table names a restriction that asks the map, itself or in a class.
 *
 * Of a table that nobody could look into it is taken for possible, where there is such a class.
 */
export function mayNameMismatch(service: Service, observations: Observations): boolean {
  const classes = classesOf(service).filter((name) => stepsIn(service, name).some((step) => isMismatch(step.name)));
  const tables = restrictionLists.flatMap((list) => stepsIn(service, list).filter(hasAnswers));
  return tables.some(({ name, argument = "" }) => {
    const rules = name === "check_policy_service" ? undefined : rulesOf(argument, observations);
    if (rules === undefined) return classes.length > 0;
    return rules.some(({ answer }) => splitList(answer).some((word) => classes.includes(word) || isMismatch(word)));
  });
}

function namesIn(answer: string, service: Service): string[] {
  const classes = classesOf(service);
  return stepsOf(splitList(answer), classes).flatMap(({ name }) =>
    classes.includes(name) ? stepsIn(service, name).map((step) => step.name) : [name],
  );
}
