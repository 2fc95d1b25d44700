/** Whether our milter is asked where people log in, there alone, and with what Postfix does without it. */
import { splitList } from "../model/postfix-list.ts";
import type { Finding } from "./finding.ts";
import { isPublic, loginServices, takesLogins } from "./logins.ts";
import { type AskedMilter, askedMilters, milterWords } from "./milters.ts";
import type { Patient } from "./observations.ts";
import type { Service } from "./postfix.ts";

/** Finds what does not fit where a service asks it; one that does not ask is for `checkUnasked`. */
export function checkMilter(patient: Patient): Finding[] {
  return [
    ...loginServices(patient.postfix).flatMap((service) => atLogins(service, patient)),
    ...patient.postfix.smtpd.flatMap((service) => atPort25(service, patient)),
  ];
}

/** Whether every message of the service is held to its owners, so that a null sender is no way round the map. */
export function isHeldByMilter(service: Service, patient: Patient): boolean {
  if (isSwitchedOff(service)) return false;
  return askedMilters(service, patient).some(({ listener }) => listener.action === "reject");
}

function atLogins(service: Service, patient: Patient): Finding[] {
  const asked = askedMilters(service, patient);
  if (asked.length > 0 && isSwitchedOff(service)) return [switchedOff(service)];
  return asked.flatMap((milter) => (lets(milter) ? [lenient(service, milter)] : []));
}

function switchedOff(service: Service): Finding {
  const rest = splitList(service.value("receive_override_options")).filter((option) => option !== "no_milters");
  return {
    check: "milter-off",
    severity: "warning",
    services: [service.name],
    title: "receive_override_options = no_milters switches the milter off",
    consequence:
      "smtpd_milters has no effect: nobody asks about the From: header. The option belongs to the service on which a content filter hands mail back.",
    changes: [service.change("receive_override_options", rest.join(", "))],
  };
}

function lets({ listener, defaultAction }: AskedMilter): boolean {
  return listener.action === "reject" && defaultAction === "accept";
}

function lenient(service: Service, { text, defaultAction }: AskedMilter): Finding {
  const isOwn = text.includes("default_action");
  const milters = service.value("smtpd_milters").replace(text, text.replace(`=${defaultAction}`, "=tempfail"));
  return {
    check: "milter-default-action",
    severity: "warning",
    services: [service.name],
    title: "milter_default_action = accept beside action: reject",
    consequence: "While the daemon is away, restarts included, every message passes with any From: header.",
    changes: [isOwn ? service.change("smtpd_milters", milters) : service.change("milter_default_action", "tempfail")],
  };
}

function atPort25(service: Service, patient: Patient): Finding[] {
  const asked = askedMilters(service, patient).map(({ text }) => text);
  if (asked.length === 0 || !isPublic(service) || takesLogins(service)) return [];
  const others = milterWords(service).filter((word) => !asked.includes(word));
  return [
    {
      check: "milter-port-25",
      severity: "notice",
      services: [service.name],
      title: "our milter is asked where nobody logs in",
      consequence:
        "It has nothing to say of mail from outside, and while the daemon is away such mail is deferred for nothing.",
      changes: [service.override("smtpd_milters", others.join(", "))],
    },
  ];
}

function isSwitchedOff(service: Service): boolean {
  return splitList(service.value("receive_override_options")).includes("no_milters");
}
