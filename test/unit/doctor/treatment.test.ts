import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseEndpoint } from "../../../src/config/endpoint.ts";
import { examine } from "../../../src/doctor/examine.ts";
import { parsePostfix } from "../../../src/doctor/postfix.ts";
import type { Settings } from "../../../src/model/settings.ts";
import { milter, patientWith, postfixText, restriction, type Spoiled } from "./support.ts";

const words = [
  restriction,
  "reject_sender_login_mismatch",
  "reject_known_sender_login_mismatch",
  "reject_unauthenticated_sender_login_mismatch",
  "reject_authenticated_sender_login_missmatch",
  "warn_if_reject",
  "permit",
  "permit_sasl_authenticated",
  "permit_mynetworks",
  "permit_auth_destination",
  "reject_rhsbl_sender",
  "dbl.example.net",
  "check_sender_access",
  "check_client_access hash:/x",
  "check_policy_service inet:127.0.0.1:1",
  "sleep",
  "1",
  "own",
  "undeclared",
  "nonsense",
  "# comment",
];

const value = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((list) => list.join(", "));
const map = fc.constantFrom(
  "",
  "hash:/other",
  "regexp:/identity, socketmap:unix:loginmapd/socketmap:senders",
  "socketmap:unix:loginmapd/socketmap:senders # ours",
  "socketmap:unix:loginmapd/socketmap",
  "tcp:127.0.0.1:9009",
  "proxy:socketmap:unix:/var/spool/postfix/loginmapd/socketmap:senders",
);
const spoiled = fc
  .record({
    lists: fc.record({ main: value, sender: value, recipient: value, own: value, undeclared: value }),
    map,
    declared: fc.constantFrom("", "own", "own, empty"),
    delay: fc.constantFrom("yes", "no", "no # yet"),
    authOnPort25: fc.boolean(),
    milters: fc.constantFrom(undefined, "", "unix:loginmapd/milter", "{ inet:127.0.0.1:8891, connect_timeout=3s }"),
    absence: fc.constantFrom("accept", "tempfail"),
    ours: fc.constantFrom("none", "log", "reject"),
  })
  .map((mistakes): Spoiled & { main: Record<string, string> } => {
    const { lists, map: table, declared, delay, authOnPort25, milters, absence, ours } = mistakes;
    return {
      ...(ours === "none" ? { hasNoMilter: true } : { listeners: [{}, { ...milter, action: ours }] }),
      main: {
        smtpd_data_restrictions: "",
        smtpd_sender_restrictions: lists.main,
        smtpd_sender_login_maps: table,
        smtpd_restriction_classes: declared,
        smtpd_delay_reject: delay,
        own: lists.own,
        undeclared: lists.undeclared,
        milter_default_action: absence,
        ...(milters !== undefined && { smtpd_milters: milters }),
      },
      services: {
        "smtp inet y": authOnPort25 ? { smtpd_sasl_auth_enable: "yes" } : {},
        "submission inet y": {
          smtpd_sasl_auth_enable: "yes",
          smtpd_sender_restrictions: lists.sender,
          smtpd_recipient_restrictions: lists.recipient,
        },
      },
    };
  });

/** Writes the lines that the doctor gave into what postconf would print then. */
function apply(text: ReturnType<typeof postfixText>, changes: readonly { where: string; line: string }[]) {
  let { parameters, overrides } = text;
  for (const { where, line } of changes) {
    const service = /^master\.cf, (\S+) (\S+)$/.exec(where);
    if (where === "main.cf") parameters += `${line}\n`;
    if (service !== null) {
      const [, name = "", setting = ""] =
        /^(\w+) ?= ?(.*)$/s.exec(line.replace(/^-o (?:\{ (.*) \}|(.*))$/s, "$1$2")) ?? [];
      overrides += `${service[1]}/${service[2]}/${name} = ${setting}\n`;
    }
  }
  return { ...text, parameters, overrides };
}

/** What our configuration has with the lines for it. */
function listenersOf(changes: readonly { where: string; line: string }[]): Settings["listeners"] {
  const lines = changes.filter(({ where, line }) => where === "loginmapd.yaml" && line.startsWith("- "));
  return [...new Set(lines.map(({ line }) => line))].map((line) => {
    const [listener] = parse(line);
    return { ...listener, endpoint: parseEndpoint(listener.endpoint, { port: 9000, path: "/run/x" }) };
  });
}

test("after every line that the doctor prints, it has nothing more to say", () => {
  fc.assert(
    fc.property(spoiled, (mistakes) => {
      const patient = patientWith(mistakes);
      const findings = examine(patient);
      const lines = findings.flatMap(({ changes }) => changes);
      const treated = apply(postfixText(mistakes.main, mistakes.services), lines);
      const listeners = [...patient.settings.listeners, ...listenersOf(lines)];
      const settings = { ...patient.settings, listeners };
      expect(examine({ ...patient, settings, postfix: parsePostfix(treated) })).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("every parameter has one line", () => {
  fc.assert(
    fc.property(spoiled, (mistakes) => {
      const lines = examine(patientWith(mistakes)).flatMap(({ changes }) => changes);
      const byParameter = new Map<string, Set<string>>();
      for (const { where, line } of lines) {
        const key = `${where} ${/\w+(?= ?=)/.exec(line)?.[0]}`;
        byParameter.set(key, (byParameter.get(key) ?? new Set()).add(line));
      }
      expect([...byParameter.values()].filter((set) => set.size > 1)).toEqual([]);
    }),
  );
});
