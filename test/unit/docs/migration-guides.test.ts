/** docs/migration/: what a guide says agrees with the program, with what the stacks ship, and with docs/presets.md. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { parsePostfixCf } from "../../../src/source/postfix-cf/index.ts";
import { presetNamed, presetNames } from "../../../src/source/presets/stacks.ts";
import { mailinaboxTable, stacks } from "../../integration/source/stack-cases.ts";
import {
  blocksUnder,
  guidesDirectory,
  overridesUnder,
  parametersUnder,
  readGuides,
} from "../../support/docs/guides.ts";
import { projectRoot } from "../../support/servers/daemon.ts";

const guides = readGuides();
const presets = readFileSync(join(projectRoot, "docs/presets.md"), "utf8");

test("there is a guide for the stack of every preset; our own schema has a section in docs/presets.md", () => {
  expect(guides.map(({ name }) => name)).toEqual(
    presetNames()
      .filter((name) => name !== "native")
      .toSorted(),
  );
  expect(presets).toMatch(/^## native\n/m);
});

describe.each(guides)("$name", (guide) => {
  const { name, text } = guide;

  test("says what was before, what comes after, how to try and how to go back", () => {
    const titles = Array.from(text.matchAll(/^## (.*)$/gm), ([, title]) => title);
    expect(titles).toEqual([
      "1. Before",
      "2. Try, without changing anything",
      "3. Configure",
      "4. Switch over",
      ...(presetNamed(name)?.drivers.includes("pgsql") === true ? ["On PostgreSQL"] : []),
      "What changes",
      "Back",
    ]);
  });

  test("its configuration is taken, with the preset of that stack", () => {
    const [yaml = "", ...others] = blocksUnder(guide, /^3/, "yaml").map((block) => block.text);
    expect(others).toEqual([]);
    const head = yaml.includes("listeners:")
      ? ""
      : 'listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\nmaps: { senders: { source: mail } }\n';
    const { settings } = parseConfig({
      text: head + yaml,
      fileName: "/etc/loginmapd/loginmapd.yaml",
      env: {},
      knownPresets: [name],
      readSecretFile: () => ({ text: "password\n", mode: 0o400 }),
    });
    expect(settings.sources["mail"]?.queries).toMatchObject({ kind: "preset", preset: name });
  });

  test("grants one account columns of the tables that the preset reads, and never a whole table", () => {
    const [sql = "", ...others] = blocksUnder(guide, /^3/, "sql").map((block) => block.text);
    expect(others).toEqual([]);
    const statements = sql.split(";\n").filter((statement) => statement !== "");
    const account = "'loginmapd'@'localhost'";
    const grants = statements.slice(1).map((statement) => {
      const [, columns, table, to] = /^GRANT SELECT \(([\w, ]+)\)\s+ON (\w+\.\w+) TO (\S+)$/.exec(statement) ?? [];
      expect(to, statement).toBe(account);
      expect(columns).not.toMatch(/pass|quota/i);
      return (table as string).split(".");
    });
    // SQLite has no accounts.
    if (name === "mailinabox") expect(statements).toEqual([]);
    else expect(statements[0]).toMatch(new RegExp(`^CREATE USER ${account} IDENTIFIED BY '<the content of .*>'$`));
    const { sources } = parse(blocksUnder(guide, /^3/, "yaml")[0]?.text ?? "") as {
      sources: { mail: { database?: string } };
    };
    for (const [database] of grants) expect(database).toBe(sources.mail.database);
    const tables = name === "mailinabox" ? [] : tablesRead(name);
    expect(grants.map(([, table]) => table).toSorted()).toEqual(tables);
  });

  test("shows the table file that the stack ships, and our reader has nothing to say against it", () => {
    const tables = blocksUnder(guide, /^1/, "").filter(({ text: block }) => /^query/m.test(block));
    const cf = name === "mailinabox" ? mailinaboxTable : stacks.find((stack) => stack.name === name)?.shipped?.cf;
    if (cf === undefined) {
      expect(tables).toEqual([]);
      return;
    }
    expect(tables).toHaveLength(1);
    const [{ text: block, file }] = tables as [(typeof tables)[number]];
    expect(block.endsWith(`\n${cf}\n`)).toBe(true);
    const type = /^dbpath/m.test(block) ? "sqlite" : "mysql";
    expect(parsePostfixCf(block, file as string, { type }).warnings).toEqual([]);
  });

  test("its maps before and after are those of docs/presets.md", () => {
    const mapUnder = (section: RegExp) =>
      [
        parametersUnder(guide, section)["smtpd_sender_login_maps"],
        ...[...overridesUnder(guide, section).values()].map((one) => one["smtpd_sender_login_maps"]),
      ].find((map) => map !== undefined) ?? "";
    const [, section = ""] = presets.split(`\n## ${name}\n`);
    const inPresets = Array.from(
      (section.split("\n## ")[0] as string).matchAll(/^smtpd_sender_login_maps =(.*)$/gm),
      ([, map = ""]) => map.trim(),
    );
    expect(inPresets).toEqual([mapUnder(/^1/), mapUnder(/^4/)]);
    expect(inPresets[1]).toMatch(/^socketmap:/);
  });

  test("its links lead somewhere", () => {
    for (const [, target = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? join(guidesDirectory, `${name}.md`) : join(guidesDirectory, file);
      expect(existsSync(path), target).toBe(true);
      // A link without one leads to the top of its file.
      if (anchor !== undefined) expect(anchorsOf(readFileSync(path, "utf8")), target).toContain(anchor);
    }
  });
});

test("the container of mailcow's guide has the account of our image, and the places that its commands use", () => {
  const mailcow = guides.find(({ name }) => name === "mailcow") as (typeof guides)[number];
  const [override] = mailcow.blocks.filter(({ file }) => file === "docker-compose.override.yml");
  const { services } = parse(override?.text ?? "") as { services: Record<string, Record<string, unknown>> };
  const { loginmapd, ...others } = services;
  expect(others).toEqual({});
  const dockerfile = readFileSync(join(projectRoot, "deploy/Dockerfile"), "utf8");
  expect(loginmapd).toMatchObject({ image: "loginmapd", user: /^USER (\S+)$/m.exec(dockerfile)?.[1], read_only: true });
  expect(loginmapd).not.toHaveProperty("ports");
  expect(loginmapd?.["volumes"]).toEqual([
    "./data/conf/loginmapd:/etc/loginmapd:ro,z",
    "mysql-socket-vol-1:/var/run/mysqld/",
  ]);
  expect(mailcow.text).toContain('hosts: ["unix:/var/run/mysqld/mysqld.sock"]');
  const commands = mailcow.blocks
    .filter(({ language }) => language === "sh")
    .map(({ text }) => text.replaceAll("\\\n", ""));
  const used = commands.flatMap((text) =>
    Array.from(
      text.matchAll(/^docker compose (?:run|exec|up|restart)(?: --?(?:rm|d)| (?:--name|--user|-v) \S+)* (\S+)/gm),
      ([, service]) => service,
    ),
  );
  expect([...new Set(used)].toSorted()).toEqual(["loginmapd", "postfix-mailcow"]);
  expect(commands.join("")).toContain("docker build -f deploy/Dockerfile -t loginmapd .");
});

/** The tables that any query of a stack names, with any options. */
function tablesRead(stack: string): string[] {
  const folder = join(projectRoot, "sql", stack);
  const sql = readdirSync(folder)
    .filter((file) => file.endsWith(".sql") && !file.startsWith("example"))
    .map((file) => readFileSync(join(folder, file), "utf8").replaceAll(/--.*$/gm, ""))
    .join("\n");
  return [...new Set(Array.from(sql.matchAll(/\b(?:FROM|JOIN)\s+(\w+)/gi), ([, table = ""]) => table))].toSorted();
}

/** The anchors of the headings of a text, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^#+ (.*)$/gm), ([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}
