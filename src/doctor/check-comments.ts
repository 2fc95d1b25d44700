/**
 * Whether a comment became part of a value: Postfix knows comments as lines of their own only.
 *
 * @see postconf(5), "Format of the Postfix configuration file"; consequences measured with 3.7.11
 */

import { splitList } from "../model/postfix-list.ts";
import type { Finding, Severity } from "./finding.ts";
import type { Patient } from "./observations.ts";
import type { Service } from "./postfix.ts";
import { formatRestrictions } from "./restriction-list.ts";
import { argumentOf } from "./restriction-names.ts";
import { classesOf, restrictionLists } from "./restrictions.ts";

/** What a comment does to a parameter, and what is left of the value without it. */
interface Damage {
  readonly severity: Severity;
  readonly consequence: string;
  readonly without: (value: string, service: Service) => string;
}

const portDead = "before it greets: the port is dead.";

const cutOff = (value: string) => value.replace(/(^|[\s,])#.*$/s, "").trim();

const inList: Damage = {
  severity: "error",
  consequence:
    "Each word of the comment is a restriction to smtpd: whoever comes to one that it does not know is told 451 4.3.5 Server configuration error.",
  without: withoutUnknown,
};

const inBoolean: Damage = {
  severity: "error",
  consequence: `smtpd ends with \`fatal: bad boolean configuration\` ${portDead}`,
  without: cutOff,
};

const inSasl: Damage = {
  severity: "error",
  consequence: `smtpd ends with \`fatal: no SASL authentication mechanisms\` ${portDead}`,
  without: cutOff,
};

const damages: Readonly<Record<string, Damage>> = {
  smtpd_sender_login_maps: {
    severity: "error",
    consequence: `To smtpd each word is a table; it ends with \`fatal: open dictionary: expecting "type:name" form instead of "#"\` ${portDead}`,
    without: (value) => splitList(cutOff(value)).join(", "),
  },
  smtpd_sasl_auth_enable: inBoolean,
  smtpd_delay_reject: inBoolean,
  smtpd_tls_auth_only: inBoolean,
  smtpd_tls_wrappermode: inBoolean,
  smtpd_sasl_type: inSasl,
  smtpd_sasl_path: inSasl,
  smtpd_sasl_local_domain: {
    severity: "notice",
    consequence: "The comment is part of the realm to Postfix.",
    without: cutOff,
  },
  recipient_delimiter: {
    severity: "warning",
    consequence:
      "Every character of the comment begins an extension: user-x@... and userX@... are extensions of others.",
    without: cutOff,
  },
  mydestination: {
    severity: "warning",
    consequence: "Each word of the comment is a domain of this machine to Postfix.",
    without: (value) => splitList(cutOff(value)).join(", "),
  },
};

/** Finds every value with a comment in it, in the parameters that the other checks read. */
export function checkComments({ postfix }: Patient): Finding[] {
  return postfix.smtpd.flatMap((service) => {
    const lists = [...restrictionLists, ...classesOf(service).filter((name) => !name.startsWith("#"))];
    const parameters = [...Object.entries(damages), ...lists.map((name): [string, Damage] => [name, inList])];
    return parameters.flatMap(([name, { severity, consequence, without }]): Finding[] => {
      const value = service.value(name);
      const [comment] = /(?<=^|[\s,])#.*$/s.exec(value) ?? [];
      if (comment === undefined) return [];
      return [
        {
          check: "comment-in-value",
          severity,
          services: [service.name],
          title: `${name} holds a comment, which Postfix takes as part of the value: ${comment}`,
          consequence,
          changes: [service.change(name, without(value, service))],
        },
      ];
    });
  });
}

/** A list may go on behind the comment, on its next line: what smtpd knows stays. */
function withoutUnknown(value: string, service: Service): string {
  const classes = classesOf(service);
  let isComment = false;
  const kept = splitList(value).filter((word) => {
    if (word.startsWith("#")) isComment = true;
    else if (argumentOf(word) !== undefined || classes.includes(word)) isComment = false;
    return !isComment;
  });
  return formatRestrictions(kept);
}
