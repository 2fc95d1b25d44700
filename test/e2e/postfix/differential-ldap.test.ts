/**
 * One directory, one ldap_table(5) file, one Postfix, and two ways to read it: Postfix's own `ldap:` and loginmapd. The verdicts are
 * the same for every sender, login and restriction.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Comparison, type Duel, startDuel } from "../../support/differential.ts";
import { siteLdif } from "../../support/ldap-site.ts";
import { ldapTables } from "../../support/ldap-tables.ts";
import { type Slapd, startSlapd } from "../../support/servers/slapd.ts";
import type { Sender } from "../../support/wire/senders.ts";

const logins = ["alice@example.com", "alice"] as const;

const addresses = [
  ...["yves@yuno.example", "Y+tag@yuno.example", "yann@yuno.example", "ute@elsewhere.example"],
  ...["ute@ucs.example", "u.te+tag@ucs.example", "office@ucs.example", "uwe@ucs.example"],
  ...["alice@example.com", "Alice+Tag@Example.COM", "bob@example.com", "carol@example.com", "nobody@example.com"],
  ...[
    "al@example.com",
    "sales@example.com",
    "team@example.com",
    "inner@example.com",
    "urls@example.com",
    "end@example.com",
  ],
  ...["circle@example.com", "badurl@example.com", "any@catch.example", "frank@corp.example", "inside@example.com"],
  ...[
    "alice@local.example",
    "st*ar@example.com",
    "*@example.com",
    '"pa(ren)"@example.com',
    '"back\\\\slash"@example.com',
  ],
  ...[
    '"a,b+c"@example.com',
    '"two words"@example.com',
    "o'brien@example.com",
    '"=<>;#"@example.com',
    '")(uid=*"@example.com',
  ],
  ...[
    '"*)(|(uid=*"@example.com',
    '"\\\\2a"@example.com',
    '" alice"@example.com',
    "a=b@example.com",
    "#alice@example.com",
  ],
];
const senders: readonly Sender[] = [
  ...addresses.map((address) => ({ address, smtputf8: false })),
  ...["jörg@example.com", "日本@example.com", "alice@exämple.com"].map((address) => ({ address, smtputf8: true })),
];

let slapd: Slapd;
let duel: Duel;

beforeAll(async () => {
  slapd = await startSlapd({ ldif: siteLdif });
  const tables = Object.entries(ldapTables).map(([name, lines]) => ({
    name,
    type: "ldap" as const,
    cf: `server_host = ${slapd.uri}\n${lines}\n`,
  }));
  duel = await startDuel(tables, logins);
});

afterAll(async () => {
  await duel?.stop();
  await slapd?.remove();
});

function differences(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.filter(({ postfix, loginmapd }) => postfix !== loginmapd);
}

/** Domains are asked for as A-labels; a U-label makes a base of `dc=%d` no DN to Postfix, which fails. */
function isWanted({ table, sender }: Comparison): boolean {
  return table === "base-per-domain" && sender.endsWith("@exämple.com");
}

describe.each(Object.keys(ldapTables))("%s", (name) => {
  test.each(logins)("decides as Postfix's own table does for %s", async (login) => {
    const comparisons = await duel.compare(name, senders, login);
    expect(comparisons.length).toBeGreaterThan(30);
    expect(differences(comparisons).filter((one) => !isWanted(one))).toEqual([]);
  });
});

test("decides as Postfix's own table does for clients that do not log in", async () => {
  for (const name of ["docker-mailserver", "group-members"]) {
    expect(differences(await duel.compare(name, senders, undefined))).toEqual([]);
  }
});

test("a U-label in a base is asked for by its A-label, where Postfix fails", async () => {
  const compared = differences(await duel.compare("base-per-domain", senders, "alice")).filter(isWanted);
  expect(compared.map(({ postfix, loginmapd }) => [postfix.slice(0, 3), loginmapd.slice(0, 3)])).toEqual([
    ["451", "553"],
    ["451", "553"],
    ["451", "250"],
  ]);
});

test("the tables let owners pass, refuse others, and fail where they should", async () => {
  const seen = new Map<string, number>();
  for (const name of ["iredmail", "group-members", "active-directory"]) {
    for (const { postfix } of await duel.compare(name, senders, "alice")) {
      const code = postfix.slice(0, 3);
      seen.set(code, (seen.get(code) ?? 0) + 1);
    }
  }
  expect([...seen.keys()].sort()).toEqual(["250", "451", "553"]);
});
