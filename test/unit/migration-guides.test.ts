/** docs/migration/: every configuration in a guide is one that the daemon takes. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";

const directory = new URL("../../docs/migration/", import.meta.url);
const guides = readdirSync(directory);

test("there is a guide for each stack that ships a map of its own", () => {
  expect(guides.toSorted()).toEqual([
    "froxlor.md",
    "iredmail.md",
    "ispconfig.md",
    "ispmail.md",
    "mailcow.md",
    "modoboa.md",
    "postfixadmin.md",
  ]);
});

describe.each(guides)("%s", (name) => {
  const text = readFileSync(new URL(name, directory), "utf8");
  const preset = name.replace(/\.md$/, "");

  test("its configuration is taken, with the preset of that stack", () => {
    const yaml = Array.from(text.matchAll(/```yaml\n([\s\S]*?)```/g), ([, block = ""]) => block);
    expect(yaml).toHaveLength(1);
    const head =
      'listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\nmaps: { senders: { source: mail } }\n';
    const { settings } = parseConfig({
      text: head + yaml[0],
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: [preset],
      readSecretFile: () => ({ text: "password\n", mode: 0o400 }),
    });
    expect(settings.sources["mail"]?.queries).toMatchObject({ kind: "preset", preset });
  });

  test("it asks the database account for SELECT on the tables that the preset reads, and for no other", () => {
    const granted = Array.from(
      text.matchAll(/^GRANT SELECT ON \w+\.(\w+) TO 'loginmapd'/gm),
      ([, table = ""]) => table,
    );
    const folder = new URL(`../../sql/${preset}/`, import.meta.url);
    const sql = readdirSync(folder)
      .filter((file) => file.endsWith(".sql") && !file.startsWith("example"))
      .map((file) => readFileSync(new URL(file, folder), "utf8").replaceAll(/--.*$/gm, ""))
      .join("\n");
    const read = new Set(Array.from(sql.matchAll(/\b(?:FROM|JOIN)\s+(\w+)/gi), ([, table = ""]) => table));
    expect(granted.toSorted()).toEqual([...read].toSorted());
  });

  test("it says what was before, what comes after, how to try and how to go back", () => {
    for (const title of [
      "## 1. Before",
      "## 2. Try",
      "## 3. Configure",
      "## 4. Switch over",
      "## What changes",
      "## Back",
    ])
      expect(text).toContain(title);
    expect(text).toMatch(/^smtpd_sender_login_maps = (proxy:)?mysql:/m);
    expect(text).toMatch(/^smtpd_sender_login_maps = socketmap:/m);
  });
});
