/** The examples of docs/presets.md: its commands and SQL on a real MariaDB, its configurations as the daemon reads them. */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Settings } from "../../../src/model/settings.ts";
import { presetNames } from "../../../src/source/presets/stacks.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { blocksOf, type GuideBlock } from "../../support/docs/guides.ts";
import { domainsOf, openSource, ownersOf, scansOf } from "../../support/fakes/open-source.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { run } from "../../support/servers/processes.ts";

let blocks: GuideBlock[];
let mariadb: Mariadb;
let directory: TestDirectory;

beforeAll(async () => {
  blocks = blocksOf(await readFile(join(projectRoot, "docs/presets.md"), "utf8"));
  mariadb = await startMariadb({ databases: ["mailserver"] });
  directory = await makeDirectory("presets");
  await mkdir(path("bin"));
  await writeFile(path("mysql-password"), "0123456789abcdef\n", { mode: 0o600 });
  await script("mariadb", `exec /usr/bin/mariadb --no-defaults -uroot --socket=${mariadb.socket} "$@"`);
  // Stands in for sqlite3(1): runs what it is given on standard input.
  const libsql = join(projectRoot, "node_modules/libsql");
  await script(
    "sqlite3",
    `exec ${process.execPath} -e 'new (require("${libsql}"))(process.argv[1]).exec(require("fs").readFileSync(0, "utf8"))' "$@"`,
  );
});
afterAll(async () => {
  await mariadb.remove();
  await directory.remove();
});

function path(name: string): string {
  return join(directory.path, name);
}

async function script(name: string, body: string): Promise<void> {
  await writeFile(path(`bin/${name}`), `#!/bin/sh\n${body}\n`);
  await chmod(path(`bin/${name}`), 0o755);
}

/** Text of the document, for this machine. */
function local(text: string): string {
  return text
    .replaceAll("/usr/share/doc/loginmapd/sql", join(projectRoot, "sql"))
    .replaceAll("/etc/loginmapd", directory.path)
    .replaceAll("/var/lib/loginmapd", directory.path)
    .replaceAll("/run/mysqld/mysqld.sock", mariadb.socket);
}

async function shell(commands: string): Promise<void> {
  const env = { PATH: `${path("bin")}:${process.env["PATH"]}` };
  expect(await run("sh", ["-e", "-c", local(commands)], { env })).toMatchObject({ code: 0, stderr: "" });
}

function settingsOf(yaml: string): Settings {
  const maps = /^maps:/m.test(yaml) ? "" : "maps: { senders: { source: mail } }\n";
  const head = `listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\n${maps}`;
  const readSecretFile = () => ({ text: "0123456789abcdef\n", mode: 0o400 });
  return parseConfig({
    text: head + local(yaml),
    fileName: "/etc/loginmapd/loginmapd.yaml",
    env: {},
    knownPresets: presetNames(),
    readSecretFile,
  }).settings;
}

const under = (section: string, language: string) =>
  blocks.filter((block) => block.section === section && block.language === language).map(({ text }) => text);

test("every configuration is one that the daemon takes", () => {
  const yaml = blocks.filter(({ language }) => language === "yaml");
  expect(yaml.length).toBeGreaterThanOrEqual(5);
  for (const { text } of yaml) expect(settingsOf(text).sources["mail"]).toBeDefined();
});

describe("native", () => {
  test("its commands make tables, rows and an account that the configuration works with", async () => {
    const [tables = "", file = ""] = under("native", "sh");
    const [mysql = "", sqlite = ""] = under("native", "yaml");
    const [rows = ""] = under("native", "sql");
    await shell(tables);
    await mariadb.query(`USE loginmapd; ${rows}`);
    await shell(file);
    await shell(`sqlite3 /var/lib/loginmapd/owners.sqlite <<'SQL'\n${rows}SQL`);
    for (const yaml of [mysql, sqlite]) {
      const source = openSource(settingsOf(yaml).sources["mail"] as Settings["sources"][string]);
      try {
        expect(await scansOf(source)).toEqual({});
        expect(await ownersOf(source, "sales@example.com")).toEqual(["alice@example.com", "bob@example.com"]);
        expect(await ownersOf(source, "anybody@catch.example")).toEqual(["alice@example.com"]);
        expect(await ownersOf(source, "newsletter@partner.example")).toEqual(["bob@example.com"]);
        expect(await domainsOf(source)).toEqual(["catch.example", "example.com", "partner.example"]);
      } finally {
        await source.close();
      }
    }
  });

  test.each([
    ["upper case", "Example.NET", "domains_folded"],
    ["a U-label", "exämple.net", "domains_a_label"],
  ])("its tables refuse %s", async (_, domain, constraint) => {
    const insert = `USE loginmapd; INSERT INTO domains (domain) VALUES ('${domain}')`;
    await expect(mariadb.query(insert)).rejects.toThrow(constraint);
  });
});

test("the index that it advises for ISPmail's aliases is one that the queries use", async () => {
  await mariadb.query(
    `USE mailserver; ${await readFile(join(projectRoot, "sql/ispmail/example.sql"), "utf8")}
     CREATE USER reader@localhost IDENTIFIED BY 'r'; GRANT SELECT ON mailserver.* TO reader@localhost`,
  );
  const yaml = `sources: { mail: { driver: mysql, hosts: ["unix:${mariadb.socket}"], user: reader, password: r, database: mailserver, preset: ispmail } }\n`;
  const source = openSource(settingsOf(yaml).sources["mail"] as Settings["sources"][string]);
  try {
    expect((await scansOf(source))["address"]).toEqual(["virtual_aliases"]);
    const [sql = ""] = under("ispmail", "sql");
    await mariadb.query(`USE mailserver; ${sql}`);
    expect((await scansOf(source))["address"]).toBeUndefined();
  } finally {
    await source.close();
  }
});
