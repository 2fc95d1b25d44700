import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../../../src/config/parse.ts";
import { loginFormatOf, ownersOfMaps } from "../../../../src/doctor/look/login-forms.ts";
import { settingsWith } from "../../../support/fakes/chains.ts";

test("samples the owners of each map by what its sources list; one that is away has no part in it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "owners-"));
  try {
    const path = join(folder, "grants");
    writeFileSync(path, "a@x Bob@Example.com,carol\nb@x dave@example.com\n");
    const settings = settingsWith({ map: { sources: ["grants", "gone"] } });
    const textFile = (file: string) => ({
      connection: { driver: "texthash", path: file, isPostfixTable: false } as const,
      queries: { kind: "none" } as const,
      listingInterval: "auto" as const,
    });
    const sources = { grants: textFile(path), gone: textFile(join(folder, "none")) };
    const { owners, unseenOwners } = await ownersOfMaps({ ...settings, sources });
    expect([...owners]).toEqual([["senders", { bare: 1, byDomain: new Map([["example.com", 2]]) }]]);
    expect([...unseenOwners]).toEqual([["gone", "its listing failed: loginmapd check --connect says why"]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("names sources that cannot be listed, and no map that answers by itself", async () => {
  const settings = settingsWith({ map: { sources: ["queries", "table", "self"] } });
  const folder = mkdtempSync(join(tmpdir(), "owners-"));
  try {
    const [path, file] = [join(folder, "mail.sqlite"), join(folder, "senders.cf")];
    writeFileSync(file, `dbpath = ${path}\nquery = SELECT o FROM t WHERE a = '%s'\n`);
    const text = stringify({
      listeners: [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9" }],
      maps: { senders: { sources: ["queries", "table", "self"] } },
      sources: {
        queries: { driver: "sqlite", path, queries: { address: "SELECT o FROM t WHERE a = :email" } },
        table: { postfix_cf: `sqlite:${file}` },
        self: { driver: "identity", domains: ["example.com"] },
      },
    });
    const readSecretFile = () => expect.unreachable("no secret is configured");
    const { sources } = parseConfig({ text, fileName: "x.yaml", env: {}, knownPresets: [], readSecretFile }).settings;
    const { owners, unseenOwners } = await ownersOfMaps({ ...settings, sources });
    expect([...owners]).toEqual([]);
    expect([...unseenOwners]).toEqual([
      ["queries", "it cannot be listed"],
      ["table", "it cannot be listed"],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reads how Dovecot writes logins", () => {
  expect(loginFormatOf()?.format).toMatch(/%/);
});
