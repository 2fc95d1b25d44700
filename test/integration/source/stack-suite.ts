/** What holds for every preset on every database that it knows, on the example rows of its stack. */
import { expect, test } from "vitest";
import { foldKey } from "../../../src/model/address.ts";
import type { Database } from "../../../src/model/source.ts";
import type { PresetOptions } from "../../../src/source/presets/preset.ts";
import { domainsOf, ownersOf, scansOf } from "../../support/fakes/open-source.ts";
import type { Owners, Stack } from "./stacks/stack.ts";

/** How the tests reach a database that holds the rows. */
export interface StackDatabase {
  /** Opens the preset as the daemon does; closed after the test. */
  open(options: PresetOptions): Database;
  /** Adds rows enough that reading a table whole costs more than its index. */
  fill(): Promise<void>;
}

/** The logins that own addresses, without a domain that all stacks share; `-` for none. */
export async function allOwners(database: Database, addresses: readonly string[]): Promise<Owners> {
  const found: Record<string, string> = {};
  for (const address of addresses) {
    const logins = await ownersOf(database, address);
    found[address] = logins.map(shortened).join(",") || "-";
  }
  return found;
}

function shortened(login: string): string {
  return login.replace(/@(?:example\.com|catch\.test|cust2\.test|second\.test)$/, "");
}

/** Declares the tests of one stack. */
export function testStack({ presets, domains, scans }: Stack, { open, fill }: StackDatabase): void {
  const plainOptions = presets[0]?.options ?? {};

  test.each(presets)("with $options owns what it should", async ({ options, want }) => {
    expect(await allOwners(open(options), Object.keys(want))).toEqual(want);
  });

  test("answers many lookups at once as one by one", async () => {
    const { options, want } = presets[0] ?? { options: {}, want: {} };
    const database = open(options);
    const addresses = Object.keys(want);
    await allOwners(database, addresses.slice(0, 1));
    const at = await Promise.all(addresses.map((address) => ownersOf(database, address)));
    expect(at.map((logins) => logins.map(shortened).join(",") || "-")).toEqual(Object.values(want));
  });

  test("lists every domain in which somebody owns an address", async () => {
    expect(await domainsOf(open(plainOptions))).toEqual(domains);
  });

  test("whoever owns an address owns it in a listed domain", async () => {
    for (const { options, want } of presets) {
      const hosted = await domainsOf(open(options));
      for (const [address, owners] of Object.entries(want)) {
        if (owners !== "-") expect(hosted, `${address} with ${JSON.stringify(options)}`).toContain(domainOf(address));
      }
    }
  });

  test("letters of a key are letters: no quote, backslash or wildcard does more", async () => {
    const database = open(plainOptions);
    const odd = [
      "%@example.com",
      "_lice@example.com",
      "al'ice@example.com",
      '"a\\\\lice"@example.com',
      "' OR '1'='1@example.com",
    ];
    const grants = await ownersOf(database, "made-up@example.com");
    for (const address of odd) expect(await ownersOf(database, address), address).toEqual(grants);
  });

  test("a key that its columns cannot hold is as any other without a row, and harms none", async () => {
    const database = open(plainOptions);
    for (const domain of ["example.com", "alias.test", "catch.test"]) {
      const made = await ownersOf(database, `made-up@${domain}`);
      expect(await ownersOf(database, `made-up-日本@${domain}`)).toEqual(made);
      expect(await ownersOf(database, `made-up-😀@${domain}`)).toEqual(made);
    }
    expect(await ownersOf(database, "alice@example.com")).not.toEqual([]);
  });

  test("an empty localpart owns nothing by itself", async () => {
    const database = open(plainOptions);
    expect(await ownersOf(database, "@")).toEqual([]);
    // An address like any other that has no row: whoever may send as the whole domain owns it, and nobody else.
    expect(await ownersOf(database, '""@example.com')).toEqual(await ownersOf(database, "made-up@example.com"));
  });

  test("finds its rows by an index, but for what its schema has none for", async () => {
    await fill();
    const options = { extra_owners: ["boss"], include_catchall: true, include_list_members: true };
    expect(await scansOf(open({ ...plainOptions, ...options }))).toEqual(scans ?? {});
  });
}

function domainOf(address: string): string {
  return (foldKey(address) ?? "").split("@").at(-1) ?? "";
}
