/** What the doctor looked at, and what it did not: silence about the one is good news, about the other it is none. */

import { splitList } from "../model/postfix-list.ts";
import { rulesOf } from "./access-answers.ts";
import { askingServices, loginServices } from "./logins.ts";
import { askedMilters, milterWords } from "./milters.ts";
import type { Patient } from "./observations.ts";
import { restrictionLists, stepsIn } from "./restrictions.ts";
import { tablesOf } from "./table.ts";

/** Both, each as short phrases in the order of the way of a message. */
export interface Scope {
  readonly lookedAt: readonly string[];
  readonly notLookedAt: readonly string[];
}

/** Tells both of an examination. */
export function scopeOf(patient: Patient): Scope {
  const { postfix, observations } = patient;
  const services = postfix.smtpd.map(({ name }) => name);
  const { account, files, tables, sasl, accessTables } = observations;
  const known = <K, V extends { readonly kind: string }>(seen: ReadonlyMap<K, V>) =>
    [...seen].filter(([, { kind }]) => kind !== "unknown" && kind !== "hidden").map(([place]) => place);
  return {
    lookedAt: [
      `main.cf and master.cf (${services.join(", ")})`,
      ...known(tables),
      ...known(sasl).map((place) => `Dovecot at ${place}`),
      ...accessTables.keys(),
    ],
    notLookedAt: unique([
      ...[...files].filter(([, { kind }]) => kind === "hidden").map(([path]) => `${path} (root can)`),
      ...[...tables, ...sasl].filter(([, { kind }]) => kind === "unknown").map(([place]) => `${place} (root can)`),
      ...(account === undefined ? [`the rights of the account ${postfix.main.value("mail_owner")}`] : []),
      ...unreadAnswers(patient),
      ...otherTables(patient),
      ...otherMilters(patient),
      ...unseenOwners(patient),
    ]),
  };
}

function unreadAnswers({ postfix, observations }: Patient): string[] {
  return loginServices(postfix).flatMap((service) =>
    restrictionLists.flatMap((list) =>
      stepsIn(service, list).flatMap(({ name, argument }) => {
        if (argument === undefined || !/^check_|^access$/.test(name)) return [];
        const isRead = name !== "check_policy_service" && rulesOf(argument, observations) !== undefined;
        return isRead ? [] : [`what ${argument} says`];
      }),
    ),
  );
}

function otherTables({ postfix }: Patient): string[] {
  return askingServices(postfix).flatMap((service) => {
    const ours = tablesOf(service).map(({ text }) => text);
    const words = splitList(service.value("smtpd_sender_login_maps"));
    return words.filter((word) => !ours.some((text) => word.includes(text))).map((word) => `what ${word} says`);
  });
}

/** What a milter of others refuses, Postfix's configuration does not tell. */
function otherMilters(patient: Patient): string[] {
  return loginServices(patient.postfix).flatMap((service) => {
    const ours = askedMilters(service, patient).map(({ text }) => text);
    const others = milterWords(service).filter((word) => !ours.includes(word));
    return others.map((milter) => `what the milter ${milter} refuses`);
  });
}

/** Without a Dovecot there is nothing to compare owners with. */
function unseenOwners({
  observations: { loginFormat, unseenOwners: unseen = new Map<string, string>() },
}: Patient): string[] {
  if (loginFormat === undefined) return [];
  return [...unseen].map(
    ([source, why]) => `whether owners in source ${source} are written as Dovecot's logins (${why})`,
  );
}

function unique(phrases: readonly string[]): string[] {
  return [...new Set(phrases)];
}
