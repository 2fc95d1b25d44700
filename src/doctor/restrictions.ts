/**
 * Which restriction of a service asks the map, and what stands in its way.
 *
 * @see SMTPD_ACCESS_README; generic_checks() in smtpd_check.c (Postfix 3.7)
 */

import { splitList } from "../model/postfix-list.ts";
import { type MismatchRestriction, mismatchRestrictions } from "../model/restrictions.ts";
import type { Service } from "./postfix.ts";
import { formatRestrictions, type Step, stepsOf, withoutRestriction } from "./restriction-list.ts";

/** The lists in which smtpd knows the sender, in the order in which it goes through them. A permit ends its own list only. */
export const restrictionLists = [
  "smtpd_client_restrictions",
  "smtpd_helo_restrictions",
  "smtpd_sender_restrictions",
  "smtpd_relay_restrictions",
  "smtpd_recipient_restrictions",
  "smtpd_data_restrictions",
  "smtpd_end_of_data_restrictions",
] as const;

/** One of them. */
export type RestrictionList = (typeof restrictionLists)[number];

/** Restrictions that end a list with a permit, and for whom. */
const permits: Readonly<Record<string, { readonly isForLogins: boolean; readonly isForOutside: boolean }>> = {
  permit: { isForLogins: true, isForOutside: true },
  permit_sasl_authenticated: { isForLogins: true, isForOutside: false },
  permit_mynetworks: { isForLogins: false, isForOutside: false },
  permit_inet_interfaces: { isForLogins: false, isForOutside: false },
  permit_auth_destination: { isForLogins: false, isForOutside: true },
  permit_mx_backup: { isForLogins: false, isForOutside: false },
  permit_dnswl_client: { isForLogins: false, isForOutside: false },
  permit_rhswl_client: { isForLogins: false, isForOutside: false },
  permit_tls_clientcerts: { isForLogins: false, isForOutside: false },
  permit_tls_all_clientcerts: { isForLogins: false, isForOutside: false },
};

/** One place where a restriction that asks the map stands. */
export interface Occurrence {
  readonly restriction: MismatchRestriction;
  readonly list: RestrictionList;
  /** The parameter that names it: the list, or a class in it. */
  readonly parameter: string;
  /** The permits before it in the list. */
  readonly permits: readonly string[];
  /** The access tables and policy services before it: what they answer may end the list. */
  readonly answers: readonly Step[];
  /** It comes after `warn_if_reject`: what it refuses is only logged. */
  readonly isWarningOnly: boolean;
  /** It is evaluated before the client says who the sender is. */
  readonly isTooEarly: boolean;
}

/** Finds them all, in classes (`smtpd_restriction_classes`) too. */
export function occurrencesIn(service: Service): Occurrence[] {
  return restrictionLists.flatMap((list) => {
    const isTooEarly = isEvaluatedEarly(list, service);
    const found: Occurrence[] = [];
    const before: string[] = [];
    const answers: Step[] = [];
    for (const step of stepsIn(service, list)) {
      const { name, parameter, isWarningOnly } = step;
      if (isMismatch(name)) {
        const passed = { permits: [...before], answers: [...answers] };
        found.push({ restriction: name, list, parameter, ...passed, isWarningOnly, isTooEarly });
      }
      if (permitsAnybody(name, service)) before.push(name);
      if (hasAnswers(step)) answers.push(step);
    }
    return found;
  });
}

/** Tells whether smtpd goes through the list before the client names the sender. */
export function isEvaluatedEarly(list: RestrictionList, service: Service): boolean {
  return /client|helo/.test(list) && !service.isYes("smtpd_delay_reject");
}

/** A step, and the parameter that names it. */
export interface PlacedStep extends Step {
  readonly parameter: string;
}

/** The steps of a list, with those of a class in its place. A step with a fault is left out: smtpd does not evaluate it. */
export function stepsIn(service: Service, list: string): PlacedStep[] {
  return flatten(list, service, []);
}

/** The classes that main.cf or the service declares. */
export function classesOf(service: Service): string[] {
  return splitList(service.value("smtpd_restriction_classes"));
}

function flatten(parameter: string, service: Service, seen: readonly string[]): PlacedStep[] {
  const classes = classesOf(service);
  return stepsOf(splitList(service.value(parameter)), classes).flatMap((step): PlacedStep[] => {
    const { name, fault, isWarningOnly } = step;
    if (fault !== undefined || seen.includes(name)) return [];
    if (!classes.includes(name)) return [{ ...step, parameter }];
    const inner = flatten(name, service, [...seen, name]);
    return inner.map((one) => ({ ...one, isWarningOnly: one.isWarningOnly || isWarningOnly }));
  });
}

/** Tells whether the step is answered by a table or a service, which may say OK. */
export function hasAnswers({ name, argument }: Step): boolean {
  return argument !== undefined && (name === "access" || /^check_/.test(name));
}

/** Tells whether the restriction looks at clients that are logged in. */
export function checksLogins({ restriction }: Occurrence): boolean {
  return restriction !== "reject_unauthenticated_sender_login_mismatch";
}

/** Tells whether the restriction looks at clients that are not logged in. */
export function checksOutside({ restriction }: Occurrence): boolean {
  return restriction !== "reject_authenticated_sender_login_mismatch";
}

/** Tells whether a permit before it lets every login pass. */
export function isBypassedByLogins({ permits: before }: Occurrence): boolean {
  return before.some((name) => permits[name]?.isForLogins);
}

/** Tells whether a permit before it lets mail from outside pass. */
export function isBypassedFromOutside({ permits: before }: Occurrence): boolean {
  return before.some((name) => permits[name]?.isForOutside);
}

/** Tells whether the restriction is a permit that lets somebody pass; permit_mynetworks without networks lets nobody. */
export function permitsAnybody(name: string, service: Service): boolean {
  if (permits[name] === undefined) return false;
  return name !== "permit_mynetworks" || splitList(service.value("mynetworks")).length > 0;
}

/** Makes the list that has the restriction first: the value to write. */
export function listWithFirst(service: Service, list: string, restriction: MismatchRestriction): string {
  return formatRestrictions([restriction, ...withoutRestriction(service.value(list), restriction)]);
}

/** Makes the list that looks at logins only: one restriction in place of all those that look at mail from outside too. */
export function listForLoginsOnly(service: Service, parameter: string): string {
  const words = splitList(service.value(parameter));
  const isWarned = (i: number) => words[i - 1]?.toLowerCase() === "warn_if_reject";
  const kept = words.map((word, i) => (isMismatch(word.toLowerCase()) && !isWarned(i) ? undefined : word));
  const first = kept.indexOf(undefined);
  const replaced = kept.map((word, i) => (i === first ? "reject_authenticated_sender_login_mismatch" : word));
  return formatRestrictions(replaced.filter((word) => word !== undefined));
}

/** Tells whether it is one of those that ask the map. */
export function isMismatch(word: string): word is MismatchRestriction {
  return (mismatchRestrictions as readonly string[]).includes(word);
}
