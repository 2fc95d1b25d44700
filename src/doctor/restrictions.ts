/**
 * Which restriction of a service asks the map, and what stands in its way.
 *
 * @see SMTPD_ACCESS_README; generic_checks() in smtpd_check.c (Postfix 3.7)
 */

import { splitList } from "../model/postfix-list.ts";
import { type MismatchRestriction, mismatchRestrictions } from "../model/restrictions.ts";
import type { Service } from "./postfix.ts";

/** The lists in which smtpd knows the sender, in the order in which it goes through them. A permit ends its own list only. */
const lists = [
  "smtpd_client_restrictions",
  "smtpd_helo_restrictions",
  "smtpd_sender_restrictions",
  "smtpd_relay_restrictions",
  "smtpd_recipient_restrictions",
  "smtpd_data_restrictions",
  "smtpd_end_of_data_restrictions",
] as const;

/** Restrictions that end a list with a permit, and for whom. */
const permits: Readonly<Record<string, { readonly isForLogins: boolean; readonly isForOutside: boolean }>> = {
  permit: { isForLogins: true, isForOutside: true },
  permit_sasl_authenticated: { isForLogins: true, isForOutside: false },
  permit_mynetworks: { isForLogins: false, isForOutside: false },
  permit_inet_interfaces: { isForLogins: false, isForOutside: false },
  permit_auth_destination: { isForLogins: false, isForOutside: true },
};

/** One place where a restriction that asks the map stands. */
export interface Occurrence {
  readonly restriction: MismatchRestriction;
  readonly list: (typeof lists)[number];
  /** The permits before it in the list. */
  readonly permits: readonly string[];
  /** It comes after `warn_if_reject`: what it refuses is only logged. */
  readonly isWarningOnly: boolean;
  /** It is evaluated before the client says who the sender is. */
  readonly isTooEarly: boolean;
}

/** Finds them all, in classes (`smtpd_restriction_classes`) too. */
export function occurrencesIn(service: Service): Occurrence[] {
  return lists.flatMap((list) => {
    const isTooEarly = /client|helo/.test(list) && !service.isYes("smtpd_delay_reject");
    const found: Occurrence[] = [];
    const before: string[] = [];
    let isWarningOnly = false;
    for (const word of flatten(service.value(list), service)) {
      if (isMismatch(word)) found.push({ restriction: word, list, permits: [...before], isWarningOnly, isTooEarly });
      if (permits[word] !== undefined && permitsAnybody(word, service)) before.push(word);
      isWarningOnly = word === "warn_if_reject";
    }
    return found;
  });
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

/**
 * Tells whether a table may name such a restriction: a class or an inline table holds one, and smtpd looks tables up.
 *
 * What an access(5) table answers cannot be known here.
 */
export function mayBeNamedByTable(service: Service): boolean {
  const words = lists.flatMap((list) => flatten(service.value(list), service));
  const classes = splitList(service.value("smtpd_restriction_classes")).map((name) => service.value(name));
  const namesOne = (text: string) => mismatchRestrictions.some((name) => text.includes(name));
  if (words.some((word) => word.includes(":") && namesOne(word))) return true;
  return classes.some(namesOne) && words.some((word) => /^check_.*_access$|^check_policy_service$|:/.test(word));
}

/** Makes the list that has the restriction first: the line to write. */
export function listWithFirst(service: Service, list: string, restriction: MismatchRestriction): string {
  const words = splitList(service.value(list)).filter((word) => word !== restriction && word !== "warn_if_reject");
  return formatRestrictions([restriction, ...words]);
}

/** Makes the list that looks at logins only, in place of one that looks at mail from outside too. */
export function listForLoginsOnly(service: Service, list: string, old: MismatchRestriction): string {
  const wanted = "reject_authenticated_sender_login_mismatch";
  const words = splitList(service.value(list));
  const rest = words.includes(wanted) ? words.filter((word) => word !== old) : words;
  return formatRestrictions(rest.map((word) => (word === old ? wanted : word)));
}

/** Joins with commas, but keeps the argument of a restriction beside it. */
function formatRestrictions(words: readonly string[]): string {
  return words.reduce((text, word, i) => {
    if (i === 0) return word;
    return takesArgument(words[i - 1] as string) ? `${text} ${word}` : `${text}, ${word}`;
  }, "");
}

function takesArgument(word: string): boolean {
  return /^check_.*_access$|^check_policy_service$|_(rbl|rhsbl|dnswl|rhswl)_|^sleep$|^warn_if_reject$/.test(word);
}

function flatten(text: string, service: Service, seen: readonly string[] = []): string[] {
  const classes = splitList(service.value("smtpd_restriction_classes"));
  return splitList(text).flatMap((word) => {
    const name = word.toLowerCase();
    if (classes.includes(word) && !seen.includes(word)) return flatten(service.value(word), service, [...seen, word]);
    return [/^\w+$/.test(word) ? name : word];
  });
}

function isMismatch(word: string): word is MismatchRestriction {
  return (mismatchRestrictions as readonly string[]).includes(word);
}

/** permit_mynetworks with an empty mynetworks permits nobody. */
function permitsAnybody(word: string, service: Service): boolean {
  return word !== "permit_mynetworks" || splitList(service.value("mynetworks")).length > 0;
}
