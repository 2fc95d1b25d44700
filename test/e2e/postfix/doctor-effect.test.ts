/** What the doctor finds is real: each mistake in a running Postfix, what smtpd says, and what it says after the lines. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { type Daemon, loginmapd, startDaemon } from "../../support/servers/daemon.ts";
import { makeDemoDatabase } from "../../support/servers/demo-database.ts";
import { type DoctorLine, writePostfixLines } from "../../support/servers/doctor-lines.ts";
import { type MailServer, startMailServer } from "../../support/servers/mail-server.ts";
import { freePorts } from "../../support/servers/ports.ts";
import { waitUntil } from "../../support/wait.ts";
import { attempt, SmtpSession } from "../../support/wire/smtp.ts";

const restriction = "reject_authenticated_sender_login_mismatch";
const refusesNull = "check_sender_access inline:{ {<> = 550 5.7.1 nobody owns the null sender} }";
const alice = { login: "alice@example.com", password: "pw-alice" };

/** What smtpd says to alice as herself, as bob, and with the null sender. `dead`: it ends before it greets. */
type Verdicts = readonly [own: number, forged: number, empty: number] | "dead";

interface Mistake {
  readonly check: string;
  readonly lists: Readonly<Record<string, string>>;
  readonly map?: (ours: string, etc: string) => string;
  /** Nobody asks our milter here. */
  readonly hasNoMilter?: boolean;
  readonly before: Verdicts;
  readonly after?: Verdicts;
}

const sound: Verdicts = [250, 553, 550];
const sender = (value: string) => ({ smtpd_sender_restrictions: value });

const mistakes: Readonly<Record<string, Mistake>> = {
  "a restriction that takes ours for its domain": {
    check: "argument-eaten",
    lists: sender(`reject_rhsbl_sender, ${restriction}`),
    before: [250, 250, 250],
  },
  "an argument that is left over": {
    check: "restriction-unknown",
    lists: sender(`reject_rhsbl_sender, ${restriction} dbl.example.net`),
    before: [451, 451, 451],
  },
  "check_sender_access without a table": {
    check: "argument-missing",
    lists: sender(`check_sender_access, ${restriction}`),
    before: [451, 451, 451],
  },
  "a table that says OK": {
    check: "answer-before-restriction",
    lists: sender(`reject_non_fqdn_sender, check_sender_access regexp:ETC/allowed, ${restriction}`),
    before: [250, 250, 250],
  },
  "a comment behind the map": {
    check: "comment-in-value",
    lists: sender(`${restriction}, ${refusesNull}`),
    map: (ours) => `${ours}  # who may send as whom`,
    before: "dead",
  },
  "a comment within the list": {
    check: "comment-in-value",
    lists: sender(`${restriction},  # important permit_sasl_authenticated, reject`),
    before: [451, 553, 451],
  },
  "a class that is nowhere": {
    check: "restriction-unknown",
    lists: sender("submission_sender_policy"),
    before: [451, 451, 451],
  },
  "a misspelt name": {
    check: "restriction-unknown",
    lists: sender("reject_authenticated_sender_login_missmatch"),
    before: [451, 451, 451],
  },
  "the null sender": { check: "null-sender", lists: sender(restriction), before: [250, 553, 250] },
  "the null sender, which a class of the site refuses": {
    check: "restriction-warns-only",
    lists: sender(`warn_if_reject ${restriction}, ${refusesNull}`),
    before: [250, 250, 550],
  },
  "the From: header": {
    check: "milter-missing",
    lists: sender(`${restriction}, ${refusesNull}`),
    hasNoMilter: true,
    before: sound,
  },
  "the null sender and the From: header": {
    check: "milter-missing",
    lists: sender(restriction),
    hasNoMilter: true,
    before: [250, 553, 250],
    // The milter holds what the message says; the envelope of a read receipt passes.
    after: [250, 553, 250],
  },
  "a table for every address before ours": {
    check: "table-before-map",
    lists: sender(`${restriction}, ${refusesNull}`),
    map: (ours, etc) => `regexp:${etc}/identity, ${ours}`,
    before: [553, 553, 550],
  },
};

let directory: TestDirectory;
let daemon: Daemon;
let server: MailServer;
let args: string[];
const serviceOf = (name: string) => `127.0.0.1:${server.postfix.port(name)}`;

beforeAll(async () => {
  directory = await makeDirectory("doctor-effect");
  const [socketmap, admin, rejects, looksOn] = (await freePorts(4)) as [number, number, number, number];
  const config = {
    listeners: [
      { protocol: "socketmap", endpoint: `inet:127.0.0.1:${socketmap}` },
      { protocol: "milter", endpoint: `inet:127.0.0.1:${rejects}`, map: "senders" },
      { protocol: "milter", endpoint: `inet:127.0.0.1:${looksOn}`, map: "senders", action: "log" },
    ],
    admin: { endpoint: `inet:127.0.0.1:${admin}` },
    maps: { senders: { source: "mail" } },
    sources: { mail: { driver: "sqlite", path: await makeDemoDatabase(directory.path), preset: "native" } },
  };
  daemon = await startDaemon({ config, listening: [socketmap, admin, rejects, looksOn] });
  const ours = `socketmap:inet:127.0.0.1:${socketmap}:senders`;
  server = await startMailServer({
    users: { [alice.login]: alice.password },
    // How long master waits before it starts a smtpd again that ended with `fatal`; else 60 s.
    mainCf: { service_throttle_time: "1s" },
    smtpd: async ({ etc, writeTable }) => {
      await writeTable("allowed", "/@example\\.com$/ OK\n");
      // As sites have it: whoever is called so owns the address. Here it knows another owner, so that it shows.
      await writeTable("identity", "/^(.*)@(.*)$/ other@example.com\n");
      return Object.entries(mistakes).map(([name, { lists, map = (table: string) => table, hasNoMilter }]) => ({
        name,
        options: {
          ...Object.fromEntries(Object.entries(lists).map(([key, value]) => [key, value.replace("ETC", etc)])),
          smtpd_sasl_auth_enable: "yes",
          smtpd_sender_login_maps: map(ours, etc),
          ...(!hasNoMilter && { smtpd_milters: `inet:127.0.0.1:${looksOn}` }),
        },
      }));
    },
  });
  args = ["doctor", "-c", daemon.configFile as string, "--postfix-config", server.home.etc, "--json"];
});
afterAll(async () => {
  await server?.stop();
  await daemon?.stop();
  await directory?.remove();
});

async function verdicts(name: string): Promise<Verdicts> {
  const said = async (from: string) => (await attempt(server.postfix.port(name), { login: alice, from })).code;
  return [await said("alice@example.com"), await said("bob@example.com"), await said("")];
}

/** What is said to whole messages of alice with bob in From:, with her own envelope sender and with the null one. */
async function headerVerdicts(name: string): Promise<number[]> {
  const session = await SmtpSession.open(server.postfix.port(name));
  await session.logIn(alice);
  const own = await session.send(alice.login, ["From: bob@example.com"]);
  const empty = await session.send("", ["From: bob@example.com"]);
  await session.quit();
  return [own.code, empty.code];
}

/** Connects, which makes master start smtpd, and waits for its last word. */
async function expectDead(name: string): Promise<void> {
  const socket = connect(server.postfix.port(name), "127.0.0.1");
  await server.postfix.logged(/smtpd\[\d+\]: fatal: open dictionary: expecting "type:name" form instead of "#"/);
  socket.destroy();
}

interface Finding {
  readonly check: string;
  readonly services: readonly string[];
  readonly changes: readonly DoctorLine[];
}

async function diagnose(): Promise<Finding[]> {
  return JSON.parse((await loginmapd(args)).stdout).findings;
}

describe("a mistake and its lines, in one run of the doctor for all of them", () => {
  let findings: Finding[];

  test.each(Object.entries(mistakes))("%s: what smtpd says, and that it is found", async (name, { check, before }) => {
    findings ??= await diagnose();
    if (before === "dead") await expectDead(name);
    else expect(await verdicts(name)).toEqual(before);
    const ofService = findings.filter(({ services }) => services.includes(serviceOf(name)));
    expect(ofService.map((finding) => finding.check)).toContain(check);
  });

  test("with no milter of ours a foreign From: passes", async () => {
    expect(await headerVerdicts("the From: header")).toEqual([250, 550]);
    expect(await headerVerdicts("the null sender and the From: header")).toEqual([250, 250]);
  });

  test("after the lines there is nothing more to say", async () => {
    const others = await writePostfixLines(
      server.home.etc,
      findings.flatMap(({ changes }) => changes),
    );
    expect(others).toEqual([]);
    expect(await diagnose()).toEqual([]);
    const pid = Number(await readFile(join(server.home.queue, "pid/master.pid"), "utf8"));
    process.kill(pid, "SIGHUP");
    await server.postfix.logged(/postfix\/master\[\d+\]: reload /);
  });

  test.each(Object.entries(mistakes))("%s: smtpd checks senders", async (name, { after = sound }) => {
    // A smtpd that was alive before the reload may take one more session.
    await waitUntil(`${name} to say ${after}`, async () => {
      return String(await verdicts(name)) === String(after);
    });
  });

  test("the milter refuses a foreign From:, whatever the envelope says", async () => {
    expect(await headerVerdicts("the From: header")).toEqual([550, 550]);
    expect(await headerVerdicts("the null sender and the From: header")).toEqual([550, 550]);
  });
});
