/** A text file of grants beside a database: edits count within a second, also through the cache, and broken ones not at all. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { launchBrowser, openPage } from "../../support/servers/browser.ts";
import { type Daemon, loginmapd, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { adminToken } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

let directory: TestDirectory;
let daemon: Daemon;
let grants: string;
let port: number;
let adminPort: number;

beforeAll(async () => {
  directory = await makeDirectory("text-files");
  grants = join(directory.path, "grants");
  await writeFile(grants, "info@example.com alice@example.com\nteam@example.com bob@example.com\n");
  [port, adminPort] = (await freePorts(2)) as [number, number];
  daemon = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
      admin: { endpoint: `inet:127.0.0.1:${adminPort}`, token: adminToken },
      maps: { senders: { sources: ["grants", "own"], login_realm: "example.com" } },
      sources: {
        grants: { driver: "texthash", path: grants },
        own: { driver: "identity", domains: ["example.com"] },
      },
      // An edit must not wait for them.
      cache: { ttl: "1h", negative_ttl: "1h" },
    },
    listening: [port, adminPort],
  });
});
afterAll(async () => {
  await daemon?.stop();
  await directory?.remove();
});

async function ownersOf(key: string): Promise<string> {
  const { stdout, code } = await loginmapd(["query", "senders", key, "--server", `inet:127.0.0.1:${port}`]);
  return code === 0 ? stdout.trim() : `exit ${code}`;
}

const becomes = (key: string, owners: string) =>
  waitUntil(`${key} to belong to ${owners}`, async () => (await ownersOf(key)) === owners, 20_000);

test("the file answers first, then identity; owners in the realm are answered with and without it", async () => {
  expect(await ownersOf("info@example.com")).toBe("alice@example.com,alice");
  expect(await ownersOf("carol+x@example.com")).toBe("carol@example.com,carol");
  expect(await ownersOf("carol@elsewhere.example")).toBe("exit 1");
});

test("an edit counts although the cache holds the old answer: in place, and by rename", async () => {
  expect(await ownersOf("new@example.org")).toBe("exit 1");
  await writeFile(grants, "info@example.com bob@example.com\nnew@example.org bob@example.com\n");
  await becomes("info@example.com", "bob@example.com,bob");
  await becomes("new@example.org", "bob@example.com,bob");
  await becomes("team@example.com", "team@example.com,team");
  await writeFile(`${grants}.new`, "@example.org dave@example.com\n* post@example.com\n");
  await rename(`${grants}.new`, grants);
  await becomes("new@example.org", "dave@example.com,dave,post@example.com,post");
  await becomes("carol@elsewhere.example", "post@example.com,post");
});

test("a broken edit keeps the file before it in force, and is told by log, status and check until it is mended", async () => {
  await writeFile(grants, "info@example.com carol@example.com\nINFO@example.com dave@example.com\n");
  const problem = "line 2: the key INFO@example.com is that of line 1";
  const told = await waitUntil("the log to tell of it", () =>
    daemon.logLines().find(({ msg }) => msg === "text file not taken"),
  );
  expect(told["problem"]).toBe(`${grants} ${problem}; the version before stays in force`);
  expect(await ownersOf("other@example.org")).toBe("dave@example.com,dave,post@example.com,post");
  const response = await fetch(`http://127.0.0.1:${adminPort}/v1/status`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const { ready, sources } = (await response.json()) as { ready: boolean; sources: { hosts: unknown[] }[] };
  expect(ready).toBe(true);
  expect(sources[0]?.hosts).toEqual([{ endpoint: grants, up: false, reason: problem }]);
  expect(await shownOfSources()).toEqual({
    state: expect.stringMatching(/^grantsup/),
    hosts: [`✗ ${grants} ${problem}`],
    complaints: [],
  });
  const checked = await loginmapd(["check", "-c", daemon.configFile as string]);
  expect(checked.code).toBe(78);
  expect(checked.stdout).toContain(`ERROR ${grants}: ${problem}`);
  await writeFile(grants, "info@example.com erin@example.com\n");
  await becomes("info@example.com", "erin@example.com,erin");
  expect((await loginmapd(["check", "-c", daemon.configFile as string])).code).toBe(0);
});

/** What the status page shows of the first source, with the token. */
async function shownOfSources() {
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    await page.goto(`http://127.0.0.1:${adminPort}/`);
    await page.getByLabel("Admin token").fill(adminToken);
    await page.keyboard.press("Enter");
    await page.locator("#sources .hosts li").first().waitFor();
    const source = page.locator("#sources tr").first();
    return {
      state: await source.textContent(),
      hosts: await page.locator("#sources .hosts li").allTextContents(),
      complaints,
    };
  } finally {
    await browser.close();
  }
}

test("a file that is broken when the daemon starts has no answer, not even for other lines; /readyz names it", async () => {
  const broken = join(directory.path, "broken");
  await writeFile(broken, "info@example.com alice@example.com\nteam@example.com\n");
  const [socketmap, admin] = (await freePorts(2)) as [number, number];
  const started = await startDaemon({
    config: {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` }],
      admin: { endpoint: `inet:127.0.0.1:${admin}`, token: adminToken },
      maps: { senders: { source: "grants" } },
      sources: { grants: { driver: "texthash", path: broken } },
    },
    listening: [socketmap, admin],
  });
  try {
    for (const key of ["info@example.com", "team@example.com", "other@example.org"])
      expect(await askOnce(socketmap, "senders", key)).toMatch(/^TEMP source unavailable/);
    const readyz = await fetch(`http://127.0.0.1:${admin}/readyz`);
    expect(readyz.status).toBe(503);
    expect(await readyz.json()).toMatchObject({
      sources: [{ name: "grants", up: false, reason: "line 2: expected a key, white space and a value" }],
    });
    await writeFile(broken, "info@example.com alice@example.com\nteam@example.com bob@example.com\n");
    await waitUntil("the daemon to be ready", async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok);
    expect(await askOnce(socketmap, "senders", "team@example.com")).toBe("OK bob@example.com");
  } finally {
    await started.stop();
  }
});

test("lookup takes a text file by its type, and import names a type that is not read", async () => {
  const { code, stderr } = await loginmapd(["import", "regexp:/etc/postfix/senders"], { cwd: projectRoot });
  expect(code).toBe(78);
  expect(stderr).toContain("a regexp: table holds patterns");
  const looked = await loginmapd(["lookup", "info@example.com", "--json", "--postfix-cf", `texthash:${grants}`]);
  expect(JSON.parse(looked.stdout)).toMatchObject({ outcome: "ok", owners: ["erin@example.com"] });
});
