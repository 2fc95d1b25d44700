/** The commands beside `serve`, as a script sees them: what they print, where, and with which exit code. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import type { Outcome } from "../../support/servers/processes.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { askOnce } from "../../support/wire/wire.ts";

let stage: Stage;
let server: string;

beforeAll(async () => {
  stage = await startStage();
  server = `inet:127.0.0.1:${stage.ports.socketmap}`;
});
afterAll(() => stage?.stop());

const config = () => ["-c", stage.daemon.configFile as string];

test("query prints the owners: exit 0", async () => {
  expect(await loginmapd(["query", "senders", "sales@example.com", "--server", server])).toMatchObject({
    code: 0,
    stdout: "alice@example.com,bob@example.com\n",
    stderr: "",
  });
});

test("query finds the server in the configuration, and speaks tcp_table too", async () => {
  const outcome = await loginmapd(["query", ...config(), "senders", "bob@example.com", "--protocol", "tcp_table"]);
  expect(outcome).toMatchObject({ code: 0, stdout: "bob@example.com\n", stderr: "" });
});

test("query of an address that nobody owns: exit 1, and nothing is printed", async () => {
  for (const protocol of ["socketmap", "tcp_table"])
    expect(
      await loginmapd(["query", ...config(), "senders", "nobody@example.com", "--protocol", protocol]),
    ).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "",
    });
});

test("query of a map that is not there: exit 75 and the reason", async () => {
  const outcome = await loginmapd(["query", "typo", "alice@example.com", "--server", server]);
  expect(outcome).toMatchObject({ code: 75, stdout: "" });
  expect(outcome.stderr).toMatch(/unknown map/);
});

test("query without a server: exit 69", async () => {
  const outcome = await loginmapd(["query", "senders", "a@b.c", "--server", `inet:127.0.0.1:${await freePort()}`]);
  expect(outcome).toMatchObject({ code: 69, stdout: "" });
  expect(outcome.stderr).toMatch(/ECONNREFUSED/);
});

test("lookup shows keys, owners and the verdict of each restriction", async () => {
  const outcome = await loginmapd(["lookup", ...config(), "Alice+News@Example.com", "--login", "bob@example.com"]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain("owners:  alice@example.com");
  expect(outcome.stdout).toContain(
    "553 5.7.1 <Alice+News@Example.com>: Sender address rejected: not owned by user bob@example.com",
  );
  expect(outcome.stdout.indexOf("alice+news@example.com")).toBeLessThan(outcome.stdout.indexOf(" alice@example.com  "));
});

test("lookup --json is the document of GET /v1/lookup, but for the cache", async () => {
  const { stdout } = await loginmapd([
    "lookup",
    ...config(),
    "any@catch.example",
    "--login",
    "erin@catch.example",
    "--json",
  ]);
  const document = JSON.parse(stdout);
  const response = await stage.admin("/v1/lookup?address=any@catch.example&login=erin@catch.example");
  expect(await response.json()).toMatchObject(document);
  expect(document).toMatchObject({ outcome: "ok", owners: ["erin@catch.example"] });
  expect(document.verdicts.map(({ code }: { code: number }) => code)).toEqual([250, 250, 250, 250]);
});

test("check prints the effective configuration without secrets", async () => {
  const outcome = await loginmapd(["check", ...config()]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain("stale_if_error: 1h");
  expect(outcome.stdout).not.toContain("reader-password");
  expect(outcome.stdout).not.toContain("stage-token");
});

test("check warns of an option that the preset has no use for, and takes it", async () => {
  const file = join(stage.mariadb.folder, "unused.yaml");
  const mail = {
    driver: "mysql",
    user: "u",
    database: "d",
    preset: "vimbadmin",
    options: { include_alias_domain: true },
  };
  await writeFile(file, stringify({ ...stage.config, sources: { mail } }), { mode: 0o600 });
  const outcome = await loginmapd(["check", "-c", file]);
  expect(outcome.code).toBe(0);
  expect(outcome.stderr).toMatch(/options\.include_alias_domain: changes nothing: ViMbAdmin has no alias domains/);
});

test("check --connect prepares every query and finds its index", async () => {
  const outcome = await loginmapd(["check", "--connect", ...config()]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  for (const query of ["address", "domain", "grant", "domains"])
    expect(outcome.stdout).toMatch(new RegExp(`^ {2}${query} +ok, uses indexes$`, "m"));
});

test("check --connect notes domains that nobody finds: exit 0", async () => {
  const path = join(stage.mariadb.folder, "users.sqlite");
  const box = new Sqlite(path);
  box.exec(readFileSync(join(projectRoot, "sql/mailinabox/example.sql"), "utf8"));
  box.exec("INSERT INTO users (email) VALUES ('zoe@münchen.example')");
  box.close();
  const file = join(stage.mariadb.folder, "box.yaml");
  const sources = { mail: { driver: "sqlite", path, preset: "mailinabox" } };
  await writeFile(file, stringify({ ...stage.config, sources }), { mode: 0o600 });
  const outcome = await loginmapd(["check", "--connect", "-c", file]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toMatch(/^ {2}domains +NOTE 1 domain .* write münchen\.example as xn--mnchen-3ya\.example$/m);
});

test("check --connect says what a listing takes, and names rows that nobody finds", async () => {
  const path = join(stage.mariadb.folder, "own.sqlite");
  const own = new Sqlite(path);
  own.exec("CREATE TABLE who (address TEXT PRIMARY KEY, login TEXT)");
  own.exec("INSERT INTO who VALUES ('anna@exämple.com', 'anna'), ('bert@example.com', 'bert')");
  own.close();
  const file = join(stage.mariadb.folder, "own.yaml");
  const queries = {
    address: "SELECT login FROM who WHERE address = :email",
    listing: "SELECT address, login FROM who",
  };
  const sources = { mail: { driver: "sqlite", path, queries } };
  await writeFile(file, stringify({ ...stage.config, sources }), { mode: 0o600 });
  const outcome = await loginmapd(["check", "--connect", "-c", file]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toMatch(/^ {2}listing +ok, 2 lines in \d+\.\d\d s$/m);
  expect(outcome.stdout).toMatch(/^ {2}changes +ok, seen at once by data_version$/m);
  expect(outcome.stdout).toMatch(
    /^ {2}listing +NOTE 1 domain .*anna@exämple\.com: write exämple\.com as xn--exmple-cua\.com$/m,
  );
});

describe("check --connect repeats the server's words, and where the query is", () => {
  const typo = "SELECT login FROM addresses WHERE localpart = '%u' AND AND domain = '%d'";
  const connection = () => [
    `hosts = inet:127.0.0.1:${stage.mariadb.port}`,
    "user = loginmapd",
    "password = reader-password",
    `dbname = ${stage.mariadb.database}`,
  ];

  async function check(name: string, source: object): Promise<Outcome> {
    const file = join(stage.mariadb.folder, `${name}.yaml`);
    await writeFile(file, stringify({ ...stage.config, sources: { mail: source } }), { mode: 0o600 });
    return loginmapd(["check", "--connect", "-c", file]);
  }

  test("of a table file", async () => {
    const file = join(stage.mariadb.folder, "typo.cf");
    await writeFile(file, [...connection(), "# what is asked", `query = ${typo}`, ""].join("\n"), { mode: 0o600 });
    const { code, stdout } = await check("typo-cf", { postfix_cf: `mysql:${file}` });
    expect(code).toBe(78);
    expect(stdout).toMatch(
      new RegExp(
        `^ {2}address +ERROR ER_PARSE_ERROR \\(1064\\): .* near 'AND domain = .*' at line 1 \\(${file} line 6\\)$`,
        "m",
      ),
    );
    expect(stdout).not.toContain("reader-password");
  });

  test("of collations that do not mix", async () => {
    await stage.mariadb.query(
      `CREATE TABLE IF NOT EXISTS one (a VARCHAR(9)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
       CREATE TABLE IF NOT EXISTS two (a VARCHAR(9)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`,
    );
    const file = join(stage.mariadb.folder, "union.cf");
    const query = "query = SELECT a FROM one WHERE a = '%s' UNION SELECT a FROM two WHERE a = '%s'";
    await writeFile(file, [...connection(), query, ""].join("\n"), { mode: 0o600 });
    const { code, stdout } = await check("union-cf", { postfix_cf: `mysql:${file}` });
    expect(code).toBe(78);
    expect(stdout).toMatch(
      /ERROR ER_CANT_AGGREGATE_NCOLLATIONS \(1271\): Illegal mix of collations for operation 'UNION' \(.*union\.cf line 5\)$/m,
    );
  });

  test("of the configuration", async () => {
    const mail = (stage.config["sources"] as { mail: Record<string, unknown> }).mail;
    const { preset: _, ...own } = mail;
    const address = "SELECT login FROM addresses WHERE domain = :domain AND AND localpart = :user";
    const { code, stdout } = await check("typo", { ...own, queries: { address } });
    expect(code).toBe(78);
    expect(stdout).toMatch(
      /^ {2}address +ERROR ER_PARSE_ERROR \(1064\): .* near 'AND localpart .*' at line 1 \(.*typo\.yaml line \d+\)$/m,
    );
  });
});

test("check --connect with a wrong password: exit 69, and the password is not repeated", async () => {
  const file = join(stage.mariadb.folder, "wrong.yaml");
  const sources = { mail: { ...(stage.config["sources"] as { mail: object }).mail, password: "wrong-password" } };
  await writeFile(file, stringify({ ...stage.config, sources }));
  const outcome = await loginmapd(["check", "--connect", "-c", file]);
  expect(outcome.code).toBe(69);
  expect(outcome.stdout + outcome.stderr).toMatch(/denied/);
  expect(outcome.stdout + outcome.stderr).not.toContain("wrong-password");
});

test("a value may begin with a dash, unless it is an option itself", async () => {
  const table = join(stage.mariadb.folder, "dash.cf");
  const lines = [
    "hosts = inet:127.0.0.1:1",
    "user = a",
    "password = b",
    "dbname = c",
    "query = SELECT a FROM b WHERE c = '%s'",
  ];
  await writeFile(table, `${lines.join("\n")}\n`, { mode: 0o600 });
  for (const words of [["--recipient-delimiter", "-+"], ["--recipient-delimiter=-+"]]) {
    const { code, stdout } = await loginmapd(["check", "--postfix-cf", `mysql:${table}`, ...words]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/recipient_delimiter: ["']?-\+/);
  }
  expect(await loginmapd(["check", "--postfix-cf", table, "--recipient-delimiter", "--connect"])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining(
      "--recipient-delimiter needs a value; one that is an option is written --recipient-delimiter=",
    ),
  });
});

test("flush makes a change visible at once", async () => {
  const ask = () => askOnce(stage.ports.socketmap, "senders", "sales@example.com");
  expect(await ask()).toBe("OK alice@example.com,bob@example.com");
  await stage.mariadb.query("UPDATE addresses SET active = 0 WHERE localpart = 'sales' AND login = 'bob@example.com'");
  expect(await ask()).toBe("OK alice@example.com,bob@example.com");
  const outcome = await loginmapd(["flush", ...config(), "--address", "sales@example.com"]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toMatch(/\b1\b/);
  expect(await ask()).toBe("OK alice@example.com");
});

test("flush wants exactly one selector: exit 64", async () => {
  for (const args of [[], ["--all", "--domain", "example.com"]])
    expect((await loginmapd(["flush", ...config(), ...args])).code).toBe(64);
});

test("a running daemon keeps its socket: a second one ends with 69 and names the endpoint", async () => {
  const outcome = await loginmapd(["serve", ...config()]);
  expect(outcome.code).toBe(69);
  expect(outcome.stderr).toContain(`127.0.0.1:${stage.ports.socketmap}`);
  expect(await askOnce(stage.ports.socketmap, "senders", "alice@example.com")).toBe("OK alice@example.com");
});

test.each([
  { args: [], rule: "no command" },
  { args: ["sevre"], rule: "an unknown command" },
  { args: ["lookup"], rule: "a missing argument" },
  { args: ["serve", "--no-such-option"], rule: "an unknown option" },
])("$rule is a usage error: exit 64 on standard error", async ({ args }) => {
  const outcome = await loginmapd(args);
  expect(outcome).toMatchObject({ code: 64, stdout: "" });
  expect(outcome.stderr).toMatch(/^loginmapd: /);
});

test("--help and --version go to standard output: exit 0", async () => {
  expect(await loginmapd(["--version"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^loginmapd \d+\.\d+\.\d+\n$/),
  });
  const help = await loginmapd(["--help"]);
  for (const command of ["serve", "check", "lookup", "query", "flush", "import", "doctor", "audit"])
    expect(help.stdout).toMatch(new RegExp(`^ +${command}\\b`, "m"));
});
