/** The blocks of docs/presets.md: its SQL and its commands run, its lines for main.cf answer. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type MarkdownBlock, readBlocks } from "../../support/docs/markdown-blocks.ts";
import { loginmapd, projectRoot, writeConfig } from "../../support/servers/daemon.ts";
import { type Mariadb, startMariadb } from "../../support/servers/mariadb.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { run } from "../../support/servers/processes.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";

const blocks = readBlocks("docs/presets.md");
const native = blocks.filter(({ heading }) => heading === "native");
const listeners =
  'listeners: [{ protocol: socketmap, endpoint: "inet:127.0.0.1:9000" }]\nmaps: { senders: { source: mail } }\n';

let directory: TestDirectory;
let mariadb: Mariadb;

beforeAll(async () => {
  directory = await makeDirectory("presets-doc");
  mariadb = await startMariadb();
  await mkdir(join(directory.path, "lib"));
  await writeFile(join(directory.path, "password"), "correct-horse\n", { mode: 0o600 });
  // Read after the machine's own option files, so that `mariadb` finds the private server.
  await writeFile(join(directory.path, ".my.cnf"), `[client]\nsocket=${mariadb.socket}\n`);
});
afterAll(async () => {
  await mariadb?.remove();
  await directory?.remove();
});

/** Puts the places of this test in for those of an installed package. */
function here(text: string): string {
  return text
    .replaceAll("/usr/share/doc/loginmapd/sql", join(projectRoot, "sql"))
    .replaceAll("/etc/loginmapd/mysql-password", join(directory.path, "password"))
    .replaceAll("/var/lib/loginmapd", join(directory.path, "lib"))
    .replaceAll("/run/mysqld/mysqld.sock", mariadb.socket);
}

async function shell(command: string, input = ""): Promise<void> {
  const outcome = await run("sh", ["-ec", command], { input, env: { HOME: directory.path } });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
}

/** Runs a block: commands in a shell, SQL in the database of the native schema, YAML by looking an address up. */
async function runBlock({ language, text }: MarkdownBlock): Promise<void> {
  if (language === "yaml") {
    const config = join(directory.path, "loginmapd.yaml");
    await writeConfig(config, listeners + here(text));
    const checked = await loginmapd(["check", "--connect", "-c", config]);
    expect(checked, checked.stdout).toMatchObject({ code: 0, stderr: "" });
  } else {
    const [command, input] = language === "sql" ? ["mariadb loginmapd", text] : [here(text), ""];
    await shell(command, input);
  }
}

describe("native", () => {
  test("every block is run, in the order of the page", async () => {
    expect(native.map(({ language }) => language)).toEqual(["sh", "sql", "yaml", "sh", "yaml"]);
    for (const block of native) await runBlock(block);
  });

  test("the rows of the example have the owners that its comments say", async () => {
    const config = join(directory.path, "native.yaml");
    await writeConfig(config, listeners + here(native[2]?.text ?? ""));
    const ownersOf = async (address: string) => {
      const { stdout } = await loginmapd(["lookup", "-c", config, address, "--json"]);
      return JSON.parse(stdout).owners;
    };
    expect(await ownersOf("sales@example.com")).toEqual(["alice@example.com", "bob@example.com"]);
    expect(await ownersOf("anything@catch.example")).toEqual(["alice@example.com"]);
    expect(await ownersOf("newsletter@partner.example")).toEqual(["bob@example.com"]);
  });
});

test("every block of SQL is in a section whose runner is here", () => {
  const sections = blocks
    .filter(({ language }) => language === "sql" || language === "sh")
    .map(({ heading }) => heading);
  expect(new Set(sections)).toEqual(new Set(["native", "ispmail"]));
});

test("ispmail: with its index, aliases are no longer read whole", async () => {
  await mariadb.query("CREATE DATABASE mailserver");
  await shell(`mariadb mailserver <${join(projectRoot, "sql/ispmail/example.sql")}`);
  const config = join(directory.path, "ispmail.yaml");
  const source = `{ driver: mysql, hosts: ["unix:${mariadb.socket}"], user: root, database: mailserver, preset: ispmail }`;
  await writeConfig(config, `${listeners}sources: { mail: ${source} }\n`);
  const wholeTables = async () => {
    const { code, stdout } = await loginmapd(["check", "--connect", "-c", config]);
    expect(code).toBe(0);
    return new Set(stdout.match(/(?<=reads every row of )[\w, ]+/g)?.flatMap((tables) => tables.split(", ")));
  };
  expect(await wholeTables()).toEqual(new Set(["virtual_aliases"]));
  const [index] = blocks.filter(({ heading, language }) => heading === "ispmail" && language === "sql");
  await mariadb.query(index?.text ?? "", "mailserver");
  expect(await wholeTables()).toEqual(new Set());
});

describe("the lines for main.cf", () => {
  const lines = blocks.filter(({ language }) => language === "");
  let stage: Stage;
  let home: PostfixHome;
  beforeAll(async () => {
    home = await makePostfixHome();
    await mkdir(join(home.queue, "loginmapd"));
    stage = await startStage({ unixSockets: [join(home.queue, "loginmapd/socketmap")] });
  });
  afterAll(async () => {
    await stage?.stop();
    await home?.remove();
  });

  test.each(lines)(
    "$heading: the table after the change answers, and Postfix knows the one before",
    async ({ text }) => {
      const tables = Array.from(text.matchAll(/^smtpd_sender_login_maps = ?(.*)$/gm), ([, table = ""]) => table);
      const [before = "", after = ""] = tables;
      expect(tables).toHaveLength(2);
      const { stdout: known } = await run("postconf", ["-c", home.etc, "-m"]);
      const types = before === "" ? [] : before.split(":").slice(0, before.startsWith("proxy:") ? 2 : 1);
      for (const type of types) expect(known.split("\n")).toContain(type);
      const table = after
        .replace(/^socketmap:unix:(?!\/)/, `socketmap:unix:${home.queue}/`)
        .replace(/^socketmap:inet:[\w.]+:9000:/, `socketmap:inet:127.0.0.1:${stage.ports.socketmap}:`);
      expect(await home.postmap(table, "alice@example.com")).toEqual({ kind: "found", value: "alice@example.com" });
    },
  );
});
