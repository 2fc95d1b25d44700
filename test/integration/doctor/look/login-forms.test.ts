import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
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
    const owners = await ownersOfMaps({ ...settings, sources });
    expect([...owners]).toEqual([["senders", { bare: 1, byDomain: new Map([["example.com", 2]]) }]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("reads how Dovecot writes logins", () => {
  expect(loginFormatOf()?.format).toMatch(/%/);
});
