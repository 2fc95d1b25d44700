/** Whether a restriction asks the map, and before anything lets the client pass. */

import { mayNameMismatch } from "./access-answers.ts";
import { checkAnswers } from "./check-answers.ts";
import type { Finding } from "./finding.ts";
import { isPublic, loginServices, takesLogins } from "./logins.ts";
import type { Patient } from "./observations.ts";
import type { Service } from "./postfix.ts";
import {
  checksLogins,
  checksOutside,
  isBypassedByLogins,
  isBypassedFromOutside,
  listForLoginsOnly,
  listWithFirst,
  type Occurrence,
  occurrencesIn,
} from "./restrictions.ts";

const recommended = "reject_authenticated_sender_login_mismatch";

/** Every service that takes logins needs a restriction that looks at them and that nothing goes round. */
export function checkRestrictions(patient: Patient): Finding[] {
  return loginServices(patient.postfix).flatMap((service) => {
    const occurrences = occurrencesIn(service).filter(checksLogins);
    const [best] = occurrences.toSorted((a, b) => rankOf(a) - rankOf(b));
    if (best !== undefined) return [...defectOf(best, service), ...checkAnswers(best, service, patient)];
    return mayNameMismatch(service, patient.observations) ? [] : [missing(service)];
  });
}

/** 0 = in force; the higher, the more pass it. */
function rankOf(occurrence: Occurrence): number {
  if (occurrence.isWarningOnly || occurrence.isTooEarly) return 4;
  if (isBypassedByLogins(occurrence)) return 3;
  if (occurrence.permits.length > 0) return 2;
  return occurrence.answers.length > 0 ? 1 : 0;
}

function missing(service: Service): Finding {
  const list = "smtpd_sender_restrictions";
  const others = occurrencesIn(service).map(({ restriction }) => restriction);
  return {
    check: "restriction-missing",
    severity: "critical",
    services: [service.name],
    title:
      others.length === 0
        ? "clients can log in, but no restriction asks who owns the sender address"
        : `${others[0]} does not look at clients that are logged in`,
    consequence: "Every login may send as any address; smtpd_sender_login_maps alone does nothing.",
    changes: [service.change(list, listWithFirst(service, list, recommended))],
  };
}

function defectOf(occurrence: Occurrence, service: Service): Finding[] {
  const { restriction, list, permits } = occurrence;
  const common = {
    services: [service.name],
    changes: [service.change(list, listWithFirst(service, list, restriction))],
  };
  if (occurrence.isTooEarly) {
    const sender = "smtpd_sender_restrictions";
    return [
      {
        ...common,
        check: "restriction-too-early",
        severity: "critical",
        title: `${restriction} stands in ${list} while smtpd_delay_reject = no`,
        consequence: "It is evaluated before the client names the sender, so every login may send as any address.",
        changes: [service.change(sender, listWithFirst(service, sender, restriction))],
      },
    ];
  }
  if (occurrence.isWarningOnly) {
    return [
      {
        ...common,
        check: "restriction-warns-only",
        severity: "critical",
        title: `warn_if_reject stands before ${restriction}`,
        consequence: "A login that sends as somebody else is logged and let through.",
      },
    ];
  }
  const [permit] = permits;
  if (permit === undefined) return [];
  const opensToLogins = isBypassedByLogins(occurrence);
  const named = opensToLogins ? permits.find((name) => /^permit(_sasl_authenticated)?$/.test(name)) : permit;
  return [
    {
      ...common,
      check: "restriction-after-permit",
      severity: opensToLogins ? "critical" : "warning",
      title: `${restriction} comes after ${named} in ${list}`,
      consequence: opensToLogins
        ? "The list ends at the permit, so every login may send as any address."
        : permit === "permit_auth_destination"
          ? "A login may send as anybody to the addresses of this server."
          : "A client in mynetworks may log in and send as anybody: webmail, scanners, a program on this machine.",
    },
  ];
}

/** A restriction that asks the map is ignored where `smtpd_sasl_auth_enable = no`. */
export function checkSaslIsOn({ postfix }: Patient): Finding[] {
  const hasLogins = loginServices(postfix).length > 0;
  return postfix.smtpd
    .filter((service) => !takesLogins(service))
    .flatMap((service): Finding[] => {
      const [occurrence] = occurrencesIn(service);
      // A list of main.cf is meant for the services that take logins; elsewhere it is harmless (see checkOutsideMail).
      if (occurrence === undefined || (hasLogins && !service.isOverridden(occurrence.list))) return [];
      return [
        {
          check: "sasl-off",
          severity: "critical",
          services: [service.name],
          title: `${occurrence.restriction} is set, but smtpd_sasl_auth_enable = no`,
          consequence:
            "Postfix ignores the restriction (`ignored: no SASL support` in its log), and nobody can log in here.",
          changes: [service.change("smtpd_sasl_auth_enable", "yes")],
        },
      ];
    });
}

/** On port 25 the restrictions that also look at clients without a login refuse honest mail from outside. */
export function checkOutsideMail({ postfix }: Patient): Finding[] {
  return postfix.smtpd.filter(isPublic).flatMap((service) => {
    const occurrences = occurrencesIn(service).filter(
      (one) => checksOutside(one) && !one.isWarningOnly && !one.isTooEarly && !isBypassedFromOutside(one),
    );
    const parameters = [...new Set(occurrences.map(({ parameter }) => parameter))];
    return parameters.flatMap((parameter) => {
      const names = occurrences.filter((one) => one.parameter === parameter).map(({ restriction }) => restriction);
      return takesLogins(service)
        ? [refusingOutsideMail(service, parameter, names)]
        : uselessHere(service, parameter, names);
    });
  });
}

function refusingOutsideMail(service: Service, parameter: string, names: readonly string[]): Finding {
  return {
    check: "outside-mail",
    severity: "error",
    services: [service.name],
    title: `${[...new Set(names)].join(" and ")} in ${parameter} also ${names.length === 1 ? "looks" : "look"} at clients that are not logged in, and mail from outside arrives here`,
    consequence:
      "Mail from mailing lists and forwarders that carries an address of ours as its sender is refused: 553 not logged in.",
    changes: [service.change(parameter, listForLoginsOnly(service, parameter))],
  };
}

/** reject_sender_login_mismatch in main.cf is mostly meant for the services that take logins. */
function uselessHere(service: Service, parameter: string, names: readonly string[]): Finding[] {
  const restriction = "reject_unauthenticated_sender_login_mismatch";
  if (!names.includes(restriction)) return [];
  return [
    {
      check: "outside-mail",
      severity: "notice",
      services: [service.name],
      title: `${restriction} has no effect while smtpd_sasl_auth_enable = no`,
      consequence:
        "Forged mail from outside is not refused; with AUTH switched on here, mailing lists and forwarders would be.",
      changes: [service.change(parameter, listForLoginsOnly(service, parameter))],
    },
  ];
}
