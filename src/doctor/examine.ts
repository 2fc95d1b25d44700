/** Puts every check to Postfix's configuration, ours, and what was seen on the machine. */
import { checkAddresses } from "./check-addresses.ts";
import { checkComments } from "./check-comments.ts";
import { checkLists } from "./check-lists.ts";
import { checkLoginForms } from "./check-login-forms.ts";
import { checkMechanisms, checkTls } from "./check-logins.ts";
import { checkApproval, checkForm, checkOrder, checkPresence } from "./check-map.ts";
import { checkMilter } from "./check-milter.ts";
import { checkReach } from "./check-reach.ts";
import { checkOutsideMail, checkRestrictions, checkSaslIsOn } from "./check-restrictions.ts";
import { checkSaslSocket } from "./check-sasl-socket.ts";
import { checkUnasked } from "./check-unasked.ts";
import { type Finding, orderFindings } from "./finding.ts";
import type { Patient } from "./observations.ts";
import { type Check, treat } from "./treatment.ts";

/** What makes a value unreadable comes first: what it would mean can be judged when it is readable. */
const stages: readonly (readonly Check[])[] = [
  [checkComments],
  [checkLists],
  [
    checkPresence,
    checkRestrictions,
    checkSaslIsOn,
    checkForm,
    checkOrder,
    checkApproval,
    checkReach,
    checkSaslSocket,
    checkTls,
    checkOutsideMail,
    checkUnasked,
    checkMilter,
    checkAddresses,
    checkMechanisms,
    checkLoginForms,
  ],
];

/** Finds everything that does not fit, in order of harm, each with lines after which nothing is left to say. */
export function examine(patient: Patient): Finding[] {
  return orderFindings(treat(patient, stages));
}
