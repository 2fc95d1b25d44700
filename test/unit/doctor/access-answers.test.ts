import { expect, test } from "vitest";
import { isPermit, isRefusal, mayNameMismatch, rulesOf } from "../../../src/doctor/access-answers.ts";
import type { Observations, Rule } from "../../../src/doctor/observations.ts";
import type { Service } from "../../../src/doctor/postfix.ts";
import { patientWith, postfixWith, restriction } from "./support.ts";

function serviceWith(main: Readonly<Record<string, string>>): Service {
  return postfixWith({ smtpd_data_restrictions: "", ...main }, { "s inet n": {} }).smtpd[0] as Service;
}

function seen(table: string, rules: readonly Rule[]): Observations {
  return patientWith({ observations: { accessTables: new Map([[table, rules]]) } }).observations;
}

test.each<[string, readonly Rule[] | undefined]>([
  ["inline:{a=OK}", [{ key: "a", answer: "OK" }]],
  [
    "inline:{ {<> = 550 5.7.1 no, never}, b=c }",
    [
      { key: "<>", answer: "550 5.7.1 no, never" },
      { key: "b", answer: "c" },
    ],
  ],
  ["static:OK", [{ key: "", answer: "OK" }]],
  ["static:{550 no}", [{ key: "", answer: "550 no" }]],
  ["hash:/x", [{ key: "k", answer: "v" }]],
  ["hash:/y", undefined],
])("the rules of %s", (table, rules) => {
  expect(rulesOf(table, seen("hash:/x", [{ key: "k", answer: "v" }]))).toEqual(rules);
});

test.each([
  ["OK", true],
  ["relay", true],
  ["20261128", true],
  ["permit", true],
  ["permit_mynetworks", true],
  ["own", true],
  ["reject_unknown_sender_domain, permit", true],
  ["DUNNO", false],
  ["REJECT ok", false],
  ["550 ok", false],
  ["PREPEND X-Ok: permit", false],
  ["other", false],
  ["check_client_access hash:/x", false],
])("the answer %s lets somebody pass: %s", (answer, permits) => {
  const service = serviceWith({
    smtpd_restriction_classes: "own, other",
    own: "reject_non_fqdn_sender, permit_sasl_authenticated",
    other: "reject_non_fqdn_sender",
  });
  expect(isPermit(answer, service)).toBe(permits);
});

test.each([
  ["550 5.7.1 no", true],
  ["reject", true],
  ["no_login", true],
  ["never", true],
  ["some_login", false],
  ["OK", false],
])("the answer %s refuses a login: %s", (answer, refuses) => {
  const service = serviceWith({
    smtpd_restriction_classes: "no_login, some_login, never",
    no_login: "check_sasl_access static:{550 no}",
    some_login: "check_sasl_access hash:/x",
    never: "reject",
  });
  expect(isRefusal(answer, service)).toBe(refuses);
});

test.each<[Readonly<Record<string, string>>, boolean]>([
  [{}, false],
  [{ smtpd_sender_restrictions: `check_sender_access inline:{example.com=${restriction}}` }, true],
  [{ smtpd_sender_restrictions: "check_client_access hash:/y" }, false],
  [
    { smtpd_restriction_classes: "own", own: restriction, smtpd_client_restrictions: "check_client_access hash:/y" },
    true,
  ],
  [
    { smtpd_restriction_classes: "own", own: restriction, smtpd_client_restrictions: "check_client_access hash:/x" },
    false,
  ],
  [{ smtpd_restriction_classes: "own", own: restriction }, false],
])("a table may name the restriction: %j is %s", (main, may) => {
  expect(mayNameMismatch(serviceWith(main), seen("hash:/x", [{ key: "k", answer: "REJECT" }]))).toBe(may);
});
