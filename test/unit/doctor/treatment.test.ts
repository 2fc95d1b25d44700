import fc from "fast-check";
import { expect, test } from "vitest";
import { examine } from "../../../src/doctor/examine.ts";
import { parsePostfix } from "../../../src/doctor/postfix.ts";
import { patientWith, postfixText, restriction, type Spoiled } from "./support.ts";

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
  })
  .map(({ lists, map: table, declared, delay, authOnPort25 }): Spoiled & { main: Record<string, string> } => ({
    main: {
      smtpd_data_restrictions: "",
      smtpd_sender_restrictions: lists.main,
      smtpd_sender_login_maps: table,
      smtpd_restriction_classes: declared,
      smtpd_delay_reject: delay,
      own: lists.own,
      undeclared: lists.undeclared,
    },
    services: {
      "smtp inet y": authOnPort25 ? { smtpd_sasl_auth_enable: "yes" } : {},
      "submission inet y": {
        smtpd_sasl_auth_enable: "yes",
        smtpd_sender_restrictions: lists.sender,
        smtpd_recipient_restrictions: lists.recipient,
      },
    },
  }));

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

test("after every line that the doctor prints, it has nothing more to say of Postfix", () => {
  fc.assert(
    fc.property(spoiled, (mistakes) => {
      const patient = patientWith(mistakes);
      const findings = examine(patient);
      const treated = apply(
        postfixText(mistakes.main, mistakes.services),
        findings.flatMap(({ changes }) => changes),
      );
      expect(examine({ ...patient, postfix: parsePostfix(treated) })).toEqual([]);
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
