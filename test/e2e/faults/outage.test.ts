/** The database stops, hangs and comes back under a real smtpd: no answer is ever made up. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Lag } from "../../support/lag.ts";
import {
  type MailServer,
  restrictions,
  smtpdPerRestriction,
  startMailServer,
} from "../../support/servers/mail-server.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { attempt, type SmtpReply } from "../../support/wire/smtp.ts";
import { askOnce, WireClient } from "../../support/wire/wire.ts";

// What a busy machine adds is no fault of the daemon.
const lag = new Lag();

const alice = { login: "alice@example.com", password: "pw-alice" } as const;
const ttlMs = 1000;

let stage: Stage;
let server: MailServer;

beforeEach(async () => {
  server = await startMailServer({
    users: { "alice@example.com": "pw-alice" },
    async smtpd() {
      stage = await startStage({
        config: {
          cache: { ttl: `${ttlMs}ms`, negative_ttl: "1s", stale_if_error: "1h" },
          limits: { lookup_timeout: "3s" },
        },
      });
      return smtpdPerRestriction(`socketmap:inet:127.0.0.1:${stage.ports.socketmap}:senders`);
    },
  });
});
afterEach(async () => {
  await server?.stop();
  await stage?.stop();
});

function ask(restriction: (typeof restrictions)[number], from: string, login?: typeof alice): Promise<SmtpReply> {
  return attempt(server.postfix.port(restriction), { from, ...(login && { login }) });
}

test("with the database stopped, what is not cached is a 451 under every restriction that asks", async () => {
  await stage.mariadb.stop();
  const asked = restrictions.filter((name) => name !== "reject_unauthenticated_sender_login_mismatch");
  for (const restriction of asked) {
    for (const from of ["alice@example.com", "bob@example.com", "nobody@example.com", "any@catch.example"]) {
      const { code, enhanced, text } = await ask(restriction, from, alice);
      expect({ restriction, code, enhanced, text }).toEqual({
        restriction,
        code: 451,
        enhanced: "4.3.0",
        text: `<${from}>: Temporary lookup failure`,
      });
    }
  }
  for (const restriction of restrictions.filter((name) => name !== "reject_authenticated_sender_login_mismatch")) {
    expect(await ask(restriction, "alice@example.com")).toMatchObject({ code: 451, enhanced: "4.3.0" });
  }
});

test("with the database stopped, what was asked before is still answered, long after its time", async () => {
  await ask("reject_sender_login_mismatch", "alice@example.com", alice);
  await ask("reject_sender_login_mismatch", "bob@example.com", alice);
  await ask("reject_sender_login_mismatch", "nobody@example.com", alice);
  await stage.mariadb.stop();

  await waitUntil("the cached answers to outlive their time", async () => {
    for (const key of ["alice@example.com", "bob@example.com", "nobody@example.com"])
      await askOnce(stage.ports.socketmap, "senders", key);
    return (await stage.metric("loginmapd_cache_requests_total", { outcome: "stale" })) >= 3;
  });
  expect(await ask("reject_sender_login_mismatch", "alice@example.com", alice)).toMatchObject({ code: 250 });
  expect(await ask("reject_sender_login_mismatch", "bob@example.com", alice)).toMatchObject({ code: 553 });
  expect(await ask("reject_known_sender_login_mismatch", "nobody@example.com", alice)).toMatchObject({ code: 250 });
  expect(await ask("reject_sender_login_mismatch", "bob@example.com")).toMatchObject({
    code: 553,
    text: "<bob@example.com>: Sender address rejected: not logged in",
  });
  expect(await ask("reject_sender_login_mismatch", "sales@example.com", alice)).toMatchObject({ code: 451 });
});

test("an owner who was taken out meanwhile is refused as soon as the database is back", async () => {
  await ask("reject_sender_login_mismatch", "sales@example.com", alice);
  await stage.mariadb.stop();
  expect(await ask("reject_sender_login_mismatch", "sales@example.com", alice)).toMatchObject({ code: 250 });
  await stage.mariadb.start();
  await stage.mariadb.query("DELETE FROM addresses WHERE localpart = 'sales' AND login = 'alice@example.com'");
  await waitUntil(
    "the refusal",
    async () => (await ask("reject_sender_login_mismatch", "sales@example.com", alice)).code === 553,
  );
});

test("lookups are answered within two seconds of the database's return", async () => {
  await stage.mariadb.kill();
  expect(await ask("reject_sender_login_mismatch", "bob@example.com", alice)).toMatchObject({ code: 451 });
  await stage.mariadb.start();
  await waitUntil(
    "the first answer",
    async () => (await askOnce(stage.ports.socketmap, "senders", "bob@example.com")) === "OK bob@example.com",
    2000,
  );
  expect(await ask("reject_sender_login_mismatch", "bob@example.com", alice)).toMatchObject({ code: 553 });
  expect(await ask("reject_sender_login_mismatch", "alice@example.com", alice)).toMatchObject({ code: 250 });
});

test("a database that hangs costs no lookup more than its deadline, and Postfix gets a 451", async () => {
  await ask("reject_sender_login_mismatch", "alice@example.com", alice);
  stage.mariadb.pause();
  try {
    const begun = performance.now();
    expect(await ask("reject_sender_login_mismatch", "bob@example.com", alice)).toMatchObject({ code: 451 });
    expect(performance.now() - begun - lag.allowanceMs).toBeLessThan(5000);
    const client = await WireClient.open(stage.ports.socketmap);
    expect(await client.ask("senders", "sales@example.com")).toMatch(/^(TIMEOUT|TEMP) /);
    expect(await client.ask("senders", "alice@example.com")).toBe("OK alice@example.com");
    client.close();
  } finally {
    stage.mariadb.resume();
  }
  await waitUntil(
    "the first answer after the hang",
    async () => (await askOnce(stage.ports.socketmap, "senders", "bob@example.com")) === "OK bob@example.com",
    3000,
  );
});

test("a failure is a 400 to tcp_table, never a 500, which would mean that nobody owns the address", async () => {
  await stage.mariadb.stop();
  const client = await WireClient.open(stage.ports.tcpTable);
  expect(await client.get("alice@example.com")).toMatch(/^400 /);
  client.close();
  expect(await server.home.postmap(`tcp:127.0.0.1:${stage.ports.tcpTable}`, "alice@example.com")).toMatchObject({
    kind: "failed",
  });
});

test("the reason that Postfix logs names no host, login or statement, and ends with an id that our log repeats", async () => {
  await stage.mariadb.stop();
  await ask("reject_sender_login_mismatch", "bob@example.com", alice);
  const line = await server.postfix.logged(/temporary error: /);
  const reason = line.slice(line.indexOf("temporary error: ") + "temporary error: ".length);
  expect(reason).not.toMatch(/127\.0\.0\.1|SELECT|loginmapd|alice|bob|reader-password/);
  const [, id] = /\[(c\d+\.q\d+)\]$/.exec(reason) ?? [];
  expect(id, reason).toBeDefined();
  await waitUntil("our log to name it", () => stage.daemon.log().includes(id as string));
  expect(stage.daemon.log()).not.toContain("reader-password");
});

test("readiness follows the source, health does not", async () => {
  expect((await stage.admin("/readyz")).status).toBe(200);
  await stage.mariadb.stop();
  await ask("reject_sender_login_mismatch", "bob@example.com", alice);
  expect((await stage.admin("/healthz")).status).toBe(200);
  expect(await stage.metric("loginmapd_source_up", { source: "mail" })).toBe(0);
});
