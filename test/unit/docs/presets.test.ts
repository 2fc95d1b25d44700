/** docs/presets.md and the presets say the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import { presetNamed, presetNames } from "../../../src/source/presets/stacks.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";

const text = readFileSync(join(import.meta.dirname, "../../../docs/presets.md"), "utf8");
const common = [
  "include_alias",
  "include_alias_domain",
  "include_catchall",
  "include_list_members",
  "alias_depth",
  "extra_owners",
];

/** The text under a heading, up to the next of its level. */
function section(title: string): string {
  const [, found = ""] = text.split(`\n## ${title}\n`);
  return found.split("\n## ")[0] as string;
}

/** Rows of the tables in a text, as their cells. */
function rows(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("docs/presets.md", () => {
  test.each(readBlocks("docs/presets.md").filter(({ language }) => language === "yaml"))(
    "line $line is a source that the daemon takes",
    (block) => {
      const listener = 'listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\n';
      const head = block.text.startsWith("maps:") ? listener : `${listener}maps: { senders: { source: mail } }\n`;
      const { settings, warnings } = parseConfig({
        text: head + block.text,
        fileName: "/etc/loginmapd/loginmapd.yaml",
        env: {},
        knownPresets: presetNames(),
        readSecretFile: () => ({ text: "password\n", mode: 0o400 }),
      });
      expect(Object.keys(settings.sources)).toContain("mail");
      expect(warnings).toEqual([]);
    },
  );

  test("lists every preset with its drivers", () => {
    const listed = rows(text.split("\n## ")[0] as string)
      .slice(1)
      .map(([name = "", , drivers = ""]) => [(/`(\w+)`/.exec(name) ?? [])[1], drivers]);
    expect(listed).toEqual(presetNames().map((name) => [name, presetNamed(name)?.drivers.join(", ")]));
  });

  test("has a section for every stack, with what changes in main.cf", () => {
    for (const name of presetNames().filter((one) => one !== "native")) {
      expect(section(name), name).toMatch(/# before[\s\S]*# after[\s\S]*smtpd_sender_login_maps = socketmap:/);
    }
  });

  test("names the common options with their defaults", () => {
    const options = presetNamed("mailcow")?.options.filter(({ name }) => common.includes(name)) ?? [];
    const expected = options.map((option) => [`\`${option.name}\``, `\`${JSON.stringify(option.default)}\``]);
    expect(
      rows(section("Options of every preset"))
        .slice(1)
        .map(([name, value]) => [name, value]),
    ).toEqual(expected);
  });

  test.each(presetNames().filter((name) => name !== "native"))(
    "names the own options of %s with their defaults",
    (name) => {
      const own = presetNamed(name)?.options.filter((option) => !common.includes(option.name)) ?? [];
      const expected = own.map((option) => [
        `\`${option.name}\``,
        option.default === undefined ? "required" : `\`${JSON.stringify(option.default)}\``,
      ]);
      expect(
        rows(section(name))
          .slice(1)
          .map(([option, value]) => [option, value]),
      ).toEqual(expected);
    },
  );

  test.each(presetNames().filter((name) => name !== "native"))("names every table that %s reads", (name) => {
    const sql = ["address", "domain", "grant", "domains"]
      .map((role) => readFileSync(join(import.meta.dirname, `../../../sql/${name}/${role}.sql`), "utf8"))
      .join("\n")
      .replace(/--.*$/gm, "");
    const tables = new Set([...sql.matchAll(/\b(?:FROM|JOIN)\s+([a-z_]+) AS\b/g)].map(([, table]) => table));
    for (const table of tables) expect(section(name)).toContain(`\`${table}\``);
  });
});
