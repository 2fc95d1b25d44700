/** Puts every check to Postfix's configuration, ours, and what was seen on the machine. */
import { checkAddresses } from "./check-addresses.ts";
import { checkMechanisms, checkTls } from "./check-logins.ts";
import { checkApproval, checkForm, checkPresence } from "./check-map.ts";
import { checkReach } from "./check-reach.ts";
import { checkOutsideMail, checkRestrictions, checkSaslIsOn } from "./check-restrictions.ts";
import { checkSaslSocket } from "./check-sasl-socket.ts";
import { type Finding, orderFindings } from "./finding.ts";
import type { Patient } from "./patient.ts";

/** Looks at something and says what does not fit. */
type Check = (patient: Patient) => Finding[];

const checks: readonly Check[] = [
  checkPresence,
  checkRestrictions,
  checkSaslIsOn,
  checkForm,
  checkApproval,
  checkReach,
  checkSaslSocket,
  checkTls,
  checkOutsideMail,
  checkAddresses,
  checkMechanisms,
];

/** Finds everything that does not fit, in order of harm. */
export function examine(patient: Patient): Finding[] {
  return orderFindings(checks.flatMap((check) => check(patient)));
}
