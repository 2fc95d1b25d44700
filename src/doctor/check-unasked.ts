/**
 * What Postfix never asks the map about, so that a login may write as anybody where the restriction stands as it should.
 *
 * The null sender: no restriction asks for `MAIL FROM:<>` (smtpd_check.c, reject_auth_sender_login_mismatch():
 * "if (*sender == 0) return"; measured, 3.7.11: 250, with any From: header). The From: header: only a milter sees it.
 */

import { splitList } from "../model/postfix-list.ts";
import { isRefusal, rulesOf } from "./access-answers.ts";
import { isHeldByMilter } from "./check-milter.ts";
import type { Change, Finding } from "./finding.ts";
import { isPublic, loginServices } from "./logins.ts";
import { type AskingLines, askedMilters, linesToAsk } from "./milters.ts";
import type { Patient } from "./observations.ts";
import type { PostfixConfig, Service } from "./postfix.ts";
import { formatRestrictions } from "./restriction-list.ts";
import {
  checksLogins,
  classesOf,
  isBypassedByLogins,
  isEvaluatedEarly,
  isMismatch,
  type Occurrence,
  occurrencesIn,
  type RestrictionList,
  restrictionLists,
  stepsIn,
} from "./restrictions.ts";

const reply = "550 5.7.1 nobody owns the null sender";
const refusalForLogins = "reject_null_sender_of_login";

const readReceipts = "read receipts that mail programs send this way are refused as well";

/** Finds the services where one of them is open; both of one service are one finding. */
export function checkUnasked(patient: Patient): Finding[] {
  return loginServices(patient.postfix).flatMap((service): Finding[] => {
    const asks = occurrencesIn(service).find(
      (one) => checksLogins(one) && !one.isWarningOnly && !one.isTooEarly && !isBypassedByLogins(one),
    );
    if (asks === undefined) return [];
    // The milter holds the From: of such mail to its owner, which is all that the null sender hides.
    const isClosed =
      isHeldByMilter(service, patient) || restrictionLists.some((list) => refusesNullSender(list, service, patient));
    const refusal = isClosed ? [] : linesToRefuse(service, asks, patient);
    if (askedMilters(service, patient).length === 0) return [unguarded(service, linesToAsk(service, patient), refusal)];
    return isClosed ? [] : [nullSender(service, refusal)];
  });
}

function nullSender({ name }: Service, changes: readonly Change[]): Finding {
  return {
    check: "null-sender",
    severity: "warning",
    services: [name],
    title: "a login may send with the null sender (MAIL FROM:<>): Postfix never asks the map for it",
    consequence: `Such mail may carry anybody's From: header. The line refuses it; ${readReceipts}.`,
    changes,
  };
}

/**
 * No milter of ours is asked. One that rejects would close the null sender too, without a word about it in the restrictions.
 *
 * One title with and without the null sender: a line for another service may close that, and it is one finding still.
 */
function unguarded({ name }: Service, { listener, changes }: AskingLines, refusal: readonly Change[]): Finding {
  const isOpen = refusal.length > 0;
  const isLookingOn = listener.action === "log";
  return {
    check: "milter-missing",
    severity: isOpen ? "warning" : "notice",
    services: [name],
    title: "the map guards the envelope sender alone, and nothing the From: header, which is what people read",
    consequence: [
      isOpen
        ? "Whoever is logged in can write as anybody else, with the null sender (MAIL FROM:<>) too, for which Postfix never asks the map."
        : "Whoever is logged in can write as anybody else.",
      "No milter of ours is asked here.",
      ...(isOpen && isLookingOn ? [`A restriction refuses the null sender; ${readReceipts}.`] : []),
      ...(isLookingOn ? ["`action: log` refuses nothing yet; docs/milter.md goes on from there."] : []),
    ].join(" "),
    changes: isOpen && isLookingOn ? [...refusal, ...changes] : changes,
  };
}

function linesToRefuse(service: Service, asks: Occurrence, { postfix }: Patient): Change[] {
  return isPublic(service) ? changesForLogins(service, asks) : [changeForAll(postfix, service, asks)];
}

/** Goes through the list as smtpd does, up to the first permit for logins. */
function refusesNullSender(list: RestrictionList, service: Service, { observations }: Patient): boolean {
  if (isEvaluatedEarly(list, service)) return false;
  for (const { name, argument = "", isWarningOnly } of stepsIn(service, list)) {
    if (name === "permit" || name === "permit_sasl_authenticated") return false;
    if (name !== "check_sender_access" || isWarningOnly) continue;
    const rules = rulesOf(argument, observations) ?? [];
    const rule = rules.find(({ key }) => key === "<>" || key === "");
    const answer = observations.nullSenderAnswers.get(argument) ?? rule?.answer;
    if (answer !== undefined && isRefusal(answer, service)) return true;
  }
  return false;
}

function changeForAll(postfix: PostfixConfig, service: Service, asks: Occurrence): Change {
  const value = listWith(service, asks, `inline:{ {<> = ${reply}} }`);
  const change = service.change(asks.list, value);
  const isShared = postfix.smtpd.some((other) => {
    const { where, sets } = other.change(asks.list, "");
    return isPublic(other) && where === change.where && sets?.name === change.sets?.name;
  });
  // Port 25 must take the null sender from outside: bounces have it.
  return isShared ? service.override(asks.list, value) : change;
}

/** Where mail from outside arrives too, a class looks at logins alone. */
function changesForLogins(service: Service, asks: Occurrence): Change[] {
  const classes = [...new Set([...classesOf(service), refusalForLogins])].join(", ");
  return [
    service.change("smtpd_restriction_classes", classes),
    service.change(refusalForLogins, `check_sasl_access static:{${reply}}`),
    service.change(asks.list, listWith(service, asks, `inline:{<>=${refusalForLogins}}`)),
  ];
}

/** Puts the check right behind the restriction that asks the map, or first when a class holds that: before every permit. */
function listWith(service: Service, { list, parameter }: Occurrence, table: string): string {
  const words = splitList(service.value(list));
  const place = parameter === list ? words.findIndex((word) => isMismatch(word.toLowerCase())) + 1 : 0;
  return formatRestrictions(words.toSpliced(place, 0, "check_sender_access", table));
}
