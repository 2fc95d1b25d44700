/** The built program on PostgreSQL: what each command says, and what the admin endpoint shows. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { launchBrowser, openPage } from "../../support/servers/browser.ts";
import { type Daemon, loginmapd, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { type Postgresql, startPostgresql } from "../../support/servers/postgresql.ts";
import { run } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

const token = "token-0123456789abcdef";

let server: Postgresql;
let daemon: Daemon;
let file: string;
let admin: number;
let socketmap: number;

beforeAll(async () => {
  const load = ["native/001-schema.pgsql.sql", "demo/rows.sql", "notify.pgsql.sql"];
  server = await startPostgresql({ load: load.map((name) => join(projectRoot, "sql", name)) });
  await server.addReader("loginmapd", "reader-password");
  [socketmap, admin] = (await freePorts(2)) as [number, number];
  const config = configOf(source());
  file = join(server.folder, "loginmapd.yaml");
  await writeFile(file, stringify(config), { mode: 0o600 });
  daemon = await startDaemon({ config, listening: [socketmap, admin] });
});

afterAll(async () => {
  await daemon?.stop();
  await server?.remove();
});

function source(): object {
  return {
    driver: "pgsql",
    hosts: [`unix:${server.socketFolder}`],
    user: "loginmapd",
    password: "reader-password",
    database: server.database,
    preset: "native",
  };
}

function configOf(mail: object) {
  return {
    listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` }],
    admin: { endpoint: `inet:127.0.0.1:${admin}`, token },
    maps: { senders: { source: "mail", recipient_delimiter: "+" } },
    sources: { mail },
    cache: { ttl: "1h", negative_ttl: "1h" },
  };
}

async function query(address: string): Promise<string> {
  const outcome = await loginmapd(["query", "senders", address, "--server", `inet:127.0.0.1:${socketmap}`]);
  return outcome.stdout.trim() || `exit ${outcome.code}`;
}

test("check --connect prepares every query and finds its index; the configuration is shown without the password", async () => {
  const outcome = await loginmapd(["check", "--connect", "-c", file]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  for (const name of ["address", "domain", "grant", "domains"])
    expect(outcome.stdout).toMatch(new RegExp(`^ {2}${name} +ok, uses indexes$`, "m"));
  expect(outcome.stdout).toContain("driver: pgsql");
  expect(outcome.stdout).not.toContain("reader-password");
});

test("check --connect repeats the server's words on a query that is wrong: exit 69", async () => {
  const wrong = join(server.folder, "wrong.yaml");
  const { preset: _, ...connection } = source() as { preset: string };
  const sources = {
    mail: { ...connection, queries: { address: "SELECT login FORM addresses WHERE localpart = :user" } },
  };
  await writeFile(wrong, stringify({ ...configOf({}), sources }), { mode: 0o600 });
  const outcome = await loginmapd(["check", "--connect", "-c", wrong]);
  expect(outcome.code).not.toBe(0);
  expect(outcome.stdout + outcome.stderr).toContain('syntax error at or near "addresses"');
});

test("lookup says which query answered, and what smtpd will say", async () => {
  const outcome = await loginmapd(["lookup", "-c", file, "sales+spring@example.com", "--login", "bob@example.com"]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain("alice@example.com");
  expect(outcome.stdout).toMatch(/250/);
});

test("a table file of PostgreSQL is imported, and what it was imported to answers", async () => {
  const table = join(server.folder, "senders.cf");
  const hosts = `unix:${server.socketFolder}`;
  await writeFile(
    table,
    `hosts = ${hosts}\nuser = loginmapd\npassword = reader-password\ndbname = ${server.database}\nquery = SELECT login FROM addresses WHERE localpart = '%u' AND domain = '%d'\n`,
  );
  const imported = await loginmapd(["import", `pgsql:${table}`]);
  expect(imported.code).toBe(0);
  expect(imported.stdout).toContain("driver: pgsql");
  expect(imported.stdout).not.toContain("reader-password");
  const found = await loginmapd([
    "lookup",
    "--postfix-cf",
    `pgsql:${table}`,
    "--recipient-delimiter=+",
    "alice@example.com",
  ]);
  expect(found.stdout).toContain("alice@example.com");
});

test("the daemon is ready, says so of its source, and counts its queries", async () => {
  await waitUntil("the source to be up", async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok);
  expect(await query("bob@example.com")).toBe("bob@example.com");
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  expect(metrics).toMatch(/^loginmapd_source_up\{source="mail"\} 1$/m);
  expect(metrics).toMatch(/^loginmapd_source_queries_total\{source="mail",outcome="ok"\} [1-9]/m);
});

test("a commit is a changed answer by NOTIFY, long before the answer's hour is over", async () => {
  const client = await WireClient.open(socketmap);
  const changes = [
    [
      "INSERT INTO addresses (domain, localpart, login) VALUES ('example.com', 'fresh', 'bob@example.com')",
      "fresh@example.com",
      "OK bob@example.com",
    ],
    [
      "UPDATE addresses SET login = 'alice@example.com' WHERE localpart = 'fresh'",
      "fresh@example.com",
      "OK alice@example.com",
    ],
    [
      "UPDATE catch_alls SET login = 'bob@example.com' WHERE domain = 'catch.example'",
      "anybody@catch.example",
      "OK bob@example.com",
    ],
    ["DELETE FROM addresses WHERE localpart = 'fresh'", "fresh@example.com", "NOTFOUND "],
    [
      "UPDATE catch_alls SET login = 'erin@catch.example' WHERE domain = 'catch.example'",
      "anybody@catch.example",
      "OK erin@catch.example",
    ],
  ] as const;
  const times: string[] = [];
  for (const [sql, key, after] of changes) {
    expect(await client.ask("senders", key)).not.toBe(after);
    await server.query(sql);
    const committedMs = performance.now();
    await waitUntil(`${key} to be ${after}`, async () => (await client.ask("senders", key)) === after);
    times.push(`  ${(performance.now() - committedMs).toFixed(0).padStart(6)} ms  ${sql}`);
  }
  client.close();
  process.stdout.write(`PostgreSQL with NOTIFY, from commit to changed answer:\n${times.join("\n")}\n`);
});

test("the status page shows the source, that it is followed by NOTIFY, and where it is", async () => {
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await openPage(browser);
    await page.goto(`http://127.0.0.1:${admin}/`);
    const row = page.locator("#sources tr").first();
    await expect.poll(() => row.textContent()).toMatch(/^mailup\d/);
    await expect
      .poll(() => page.locator("#sources").textContent())
      .toMatch(/1 host up.*followed: \d+ keys.*signalled by notify$/s);
    await page.getByLabel("Admin token").fill(token);
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.locator("#sources .hosts li").allTextContents())
      .toEqual([`✓ unix:${server.socketFolder}`]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("doctor finds Postfix's own pgsql: table in our place and logins of another form, until its lines are there", async () => {
  const etc = join(server.folder, "postfix");
  await mkdir(etc);
  await writeFile(
    join(etc, "main.cf"),
    `compatibility_level = 3.6
smtpd_sasl_auth_enable = yes
smtpd_sender_login_maps = pgsql:/etc/postfix/senders.cf
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
`,
  );
  await writeFile(join(etc, "master.cf"), "submission inet n - n - - smtpd\n");
  const dovecot = join(etc, "dovecot.conf");
  await writeFile(dovecot, "auth_username_format = %Ln\n");
  const aboutTheMap = async () => {
    const env = { CONFIG_FILE: dovecot };
    const { stdout } = await loginmapd(["doctor", "-c", file, "--postfix-config", etc, "--json"], { env });
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; title: string; changes: { where: string; line: string }[] }[];
    };
    return findings.filter(({ check }) => check === "map-elsewhere" || check === "login-form");
  };
  const loginForm = {
    check: "login-form",
    title: expect.stringContaining("Dovecot returns logins without their domain (auth_username_format = %Ln)"),
    changes: [{ where: "Dovecot", line: "auth_username_format = %Lu" }],
  };
  const table = `socketmap:inet:127.0.0.1:${socketmap}:senders`;
  expect(await aboutTheMap()).toMatchObject([
    loginForm,
    {
      check: "map-elsewhere",
      title: "smtpd_sender_login_maps names no table of loginmapd: pgsql:/etc/postfix/senders.cf",
      changes: [{ where: "main.cf", line: `smtpd_sender_login_maps = ${table}` }],
    },
  ]);
  const { code } = await run("postconf", ["-c", etc, "-e", `smtpd_sender_login_maps = ${table}`]);
  expect(code).toBe(0);
  await writeFile(dovecot, "auth_username_format = %Lu\n");
  expect(await aboutTheMap()).toEqual([]);
});
