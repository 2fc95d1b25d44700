import { expect, test } from "vitest";
import type { Service } from "../../../src/doctor/postfix.ts";
import { listForLoginsOnly, listWithFirst, occurrencesIn } from "../../../src/doctor/restrictions.ts";
import { postfixWith, restriction } from "./support.ts";

function serviceWith(main: Readonly<Record<string, string>>): Service {
  return postfixWith(main, { "s inet n": {} }).smtpd[0] as Service;
}

test.each<[string, Readonly<Record<string, string>>, object[]]>([
  ["none", {}, []],
  [
    "in any case, with the permits before it",
    { smtpd_sender_restrictions: "permit_mynetworks, Reject_Sender_Login_Mismatch, permit" },
    [{ restriction: "reject_sender_login_mismatch", permits: ["permit_mynetworks"], isWarningOnly: false }],
  ],
  [
    "permit_mynetworks without networks permits nobody",
    { mynetworks: "", smtpd_sender_restrictions: `permit_mynetworks, ${restriction}` },
    [{ permits: [] }],
  ],
  [
    "after warn_if_reject, which is about the next one alone",
    { smtpd_sender_restrictions: `warn_if_reject ${restriction}, reject_known_sender_login_mismatch` },
    [{ isWarningOnly: true }, { isWarningOnly: false }],
  ],
  [
    "in a class, the permits of the class included",
    {
      smtpd_restriction_classes: "owners, empty",
      owners: `permit_inet_interfaces, ${restriction}, owners`,
      smtpd_recipient_restrictions: "owners",
    },
    [{ list: "smtpd_recipient_restrictions", permits: ["permit_inet_interfaces"] }],
  ],
  ["too early", { smtpd_delay_reject: "no", smtpd_client_restrictions: restriction }, [{ isTooEarly: true }]],
  ["in time", { smtpd_delay_reject: "yes", smtpd_client_restrictions: restriction }, [{ isTooEarly: false }]],
])("finds restrictions: %s", (_, main, found) => {
  expect(occurrencesIn(serviceWith(main))).toMatchObject(found);
});

test("the list to write keeps arguments beside what they belong to", () => {
  const service = serviceWith({
    smtpd_sender_restrictions: `permit_mynetworks, check_sender_access hash:/x, warn_if_reject ${restriction}, sleep 1`,
  });
  expect(listWithFirst(service, "smtpd_sender_restrictions", restriction)).toBe(
    `${restriction}, permit_mynetworks, check_sender_access hash:/x, sleep 1`,
  );
});

test("the restriction for logins takes the place of another, once", () => {
  const service = serviceWith({
    smtpd_sender_restrictions: `reject_sender_login_mismatch, ${restriction}, check_client_access hash:/x, check_client_access hash:/y`,
  });
  expect(listForLoginsOnly(service, "smtpd_sender_restrictions")).toBe(
    `${restriction}, check_client_access hash:/x, check_client_access hash:/y`,
  );
  expect(
    listForLoginsOnly(
      serviceWith({ smtpd_sender_restrictions: "reject_known_sender_login_mismatch, permit" }),
      "smtpd_sender_restrictions",
    ),
  ).toBe(`${restriction}, permit`);
});
