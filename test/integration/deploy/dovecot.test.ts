/** The pieces of Dovecot: 2.3 is what Debian 12 has and runs here; 2.4 has to say the same under its own names. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const piece = (version: string) => join(projectRoot, `deploy/dovecot/auth-${version}.conf`);

/** A setting that both versions have, under the name of each. */
interface Names {
  readonly in23: string;
  readonly in24: string;
  /** Values that are written otherwise: 2.3 → 2.4. */
  readonly values?: Readonly<Record<string, string>>;
  /** Where it is written that 2.4 has the name. */
  readonly source: string;
}

const listener = "service auth/unix_listener /var/spool/postfix/private/auth";
// Dovecot's documentation of 2.4, and the source that renames settings of 2.3.
const howTo = "dovecot/documentation, docs/howto/sasl/postfix.md";
const upgradeGuide = "dovecot/documentation, docs/installation/upgrade/2.3-to-2.4.md, Variable expansion";
const renames = "dovecot/core 2.4, old-set-parser.c";

const names: readonly Names[] = [
  { in23: "auth_mechanisms", in24: "auth_mechanisms", source: howTo },
  {
    in23: "auth_username_format",
    in24: "auth_username_format",
    values: { "%Lu": "%{user | lower}" },
    source: upgradeGuide,
  },
  {
    in23: "auth_default_realm",
    in24: "auth_default_domain",
    source: renames,
  },
  ...["mode", "user", "group"].map((name) => ({
    in23: `${listener}/${name}`,
    in24: `${listener}/${name}`,
    source: howTo,
  })),
];

/** Every setting with the sections around it, those that are commented out too. */
async function readSettings(version: string): Promise<Map<string, string>> {
  const settings = new Map<string, string>();
  const sections: string[] = [];
  for (const line of (await readFile(piece(version), "utf8")).split("\n")) {
    const opened = /^\s*([^#=]+?) \{$/.exec(line)?.[1];
    const [, name, value] = /^\s*#?(\w+) = (.+)$/.exec(line) ?? [];
    if (opened !== undefined) sections.push(opened);
    else if (/^\s*\}$/.test(line)) sections.pop();
    else if (name !== undefined && value !== undefined) settings.set([...sections, name].join("/"), value);
  }
  return settings;
}

test("Dovecot takes the 2.3 piece", async () => {
  expect(await run("doveconf", ["-n", "-c", piece("2.3")])).toMatchObject({ code: 0, stderr: "" });
});

test("the 2.4 piece has the settings of the 2.3 piece under the names of 2.4, and no others", async () => {
  const translated = Array.from(await readSettings("2.3"), ([name, value]) => {
    const entry = names.find(({ in23 }) => in23 === name);
    if (entry === undefined) throw new Error(`what is ${name} called in Dovecot 2.4, and where is it written?`);
    return [entry.in24, entry.values?.[value] ?? value];
  });
  expect(translated).toHaveLength(names.length);
  expect(Array.from(await readSettings("2.4"))).toEqual(translated);
});
