import { expect, test } from "vitest";
import { checkLoginForms } from "../../../src/doctor/check-login-forms.ts";
import type { OwnerForms } from "../../../src/doctor/observations.ts";
import { scopeOf } from "../../../src/doctor/scope.ts";
import { patientWith } from "./support.ts";

const plainMap = {
  sources: ["mail"],
  combine: "first",
  recipientDelimiter: "+",
  localDomains: [],
  loginRealm: undefined,
} as const;

function forms(bare: number, byDomain: Readonly<Record<string, number>> = {}): OwnerForms {
  return { bare, byDomain: new Map(Object.entries(byDomain)) };
}

function cures(format: string, realm: string, owners: OwnerForms, loginRealm?: string): string[] {
  const patient = patientWith({ maps: { senders: { ...plainMap, loginRealm } } });
  const observations = {
    ...patient.observations,
    loginFormat: { format, realm },
    owners: new Map([["senders", owners]]),
  };
  return checkLoginForms({ ...patient, observations }).flatMap(({ severity, changes }) =>
    changes.map(({ where, line }) => `${severity} ${where}: ${line}`),
  );
}

test.each([
  [
    "bare logins, owners of one domain",
    "%Ln",
    "",
    forms(0, { "example.com": 9 }),
    "loginmapd.yaml: maps.senders.login_realm: example.com",
  ],
  [
    "the same in the form of Dovecot 2.4",
    "%{user | username | lower}",
    "",
    forms(0, { "a.test": 9 }),
    "loginmapd.yaml: maps.senders.login_realm: a.test",
  ],
  [
    "bare logins, owners of several domains",
    "%n",
    "",
    forms(1, { "a.test": 9, "b.test": 9 }),
    "Dovecot: auth_username_format = %Lu",
  ],
  [
    "the same with Dovecot 2.4",
    "%{user | username}",
    "",
    forms(0, { "a.test": 9, "b.test": 9 }),
    "Dovecot: auth_username_format = %{user | lower}",
  ],
  [
    "full logins, bare owners, Dovecot 2.4",
    "%{user | lower}",
    "a.test",
    forms(9),
    "Dovecot: auth_username_format = %{user | username | lower}",
  ],
  ["full logins, bare owners", "%Lu", "example.com", forms(9), "Dovecot: auth_username_format = %Ln"],
])("%s", (_rule, format, realm, owners, cure) => {
  expect(cures(format, realm, owners)).toEqual([`error ${cure}`]);
});

test("a login_realm that no owner has makes nothing fit", () => {
  expect(cures("%Ln", "", forms(0, { "b.test": 9 }), "a.test")).toEqual([
    "error loginmapd.yaml: maps.senders.login_realm: b.test",
  ]);
  expect(cures("%Ln", "", forms(0, { "b.test": 9, "c.test": 1 }), "a.test")).toEqual([
    "error Dovecot: auth_username_format = %Lu",
  ]);
});

test.each([undefined, "a.test", "b.test"])("full logins of a realm that no owner has, login_realm %s", (loginRealm) => {
  const owners = forms(0, { "c.test": 1, "b.test": 9 });
  expect(cures("%Lu", "a.test", owners, loginRealm)).toEqual(["warning Dovecot: auth_default_realm = b.test"]);
  expect(cures("%{user|lower}", "a.test", owners, loginRealm)).toEqual([
    "warning Dovecot: auth_default_domain = b.test",
  ]);
  expect(cures("%Lu", "B.test", owners, loginRealm)).toEqual([]);
});

test.each([
  ["the realm is set already", "%Ln", "", forms(0, { "example.com": 9 }), "example.com"],
  ["bare logins and bare owners", "%Ln", "", forms(9), undefined],
  ["full logins and owners", "%Lu", "example.com", forms(0, { "example.com": 9 }), undefined],
  ["logins as they are typed", "%Lu", "", forms(9), undefined],
  ["a format that puts the domain back", "%Ln@%Ld", "", forms(0, { "example.com": 9 }), undefined],
  ["owners of both forms", "%Ln", "", forms(5, { "example.com": 5 }), undefined],
  ["no owners seen", "%Ln", "", forms(0), undefined],
])("says nothing: %s", (_rule, format, realm, owners, loginRealm) => {
  expect(cures(format, realm, owners, loginRealm)).toEqual([]);
});

test("says nothing where Dovecot or the owners were not looked at", () => {
  expect(checkLoginForms(patientWith({}))).toEqual([]);
});

test("sources whose owners were not seen are not looked at, where there is a Dovecot", () => {
  const patient = patientWith({});
  const seen = { ...patient.observations, unseenOwners: new Map([["mail", "it cannot be listed"]]) };
  const notice = "whether owners in source mail are written as Dovecot's logins (it cannot be listed)";
  const withDovecot = { ...seen, loginFormat: { format: "%Lu", realm: "" } };
  expect(scopeOf({ ...patient, observations: withDovecot }).notLookedAt).toContain(notice);
  expect(scopeOf({ ...patient, observations: seen }).notLookedAt).not.toContain(notice);
});
