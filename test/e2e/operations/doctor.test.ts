/** `loginmapd doctor`: silent on the shipped pieces; what it prints, and the way to enforcing that the documentation shows. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expand } from "../../../src/doctor/expand.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";
import {
  type DoctorStage,
  type Plant,
  refusesNull,
  restriction,
  startDoctorStage,
} from "../../support/servers/doctor-stage.ts";
import { override } from "../../support/servers/postfix-text.ts";
import { type Outcome, run } from "../../support/servers/processes.ts";

let stage: DoctorStage;

beforeAll(async () => {
  stage = await startDoctorStage();
});

afterAll(async () => {
  await stage?.stop();
});

/** No finding: what was looked at, and nothing else. */
const silence: Partial<Outcome> = {
  code: 0,
  stdout: expect.stringMatching(/^Looked at: main\.cf and master\.cf [\s\S]*\.\n$/),
  stderr: "",
};

describe("silent with exit 0", () => {
  test("on the running mail server made of the shipped pieces", async () => {
    const args = ["doctor", "-c", stage.daemon.configFile as string, "--postfix-config", stage.server.home.etc];
    expect(await loginmapd(args)).toMatchObject(silence);
  });

  test("on the shipped master.cf beside port 25 and a content filter", async () => {
    expect(await loginmapd(await stage.plant({}))).toMatchObject(silence);
  });

  test("on the configuration of the Debian package", async () => {
    const secret = join(stage.path, "secret");
    await writeFile(secret, "secret\n", { mode: 0o600 });
    const text = await readFile(join(projectRoot, "deploy/debian/loginmapd.yaml"), "utf8");
    const config = join(stage.path, "debian.yaml");
    const places = text.replaceAll("/var/spool/postfix", stage.queue).replaceAll(/(_file: )\S+/g, `$1${secret}`);
    await writeFile(config, places, { mode: 0o600 });
    const [, , , option = "", etc = ""] = await stage.plant({});
    expect(await loginmapd(["doctor", "-c", config, option, etc])).toMatchObject(silence);
  });

  test.each<[string, () => Plant]>([
    [
      "the lines of the README, with port 25 without AUTH",
      () => ({
        main: `smtpd_sender_login_maps = socketmap:inet:127.0.0.1:${stage.ports.inet}:senders\nsmtpd_sender_restrictions = reject_authenticated_sender_login_mismatch`,
        master: override("submission", "smtpd_sender_restrictions", `${restriction}, ${refusesNull}`),
      }),
    ],
    ["tcp", () => ({ main: `smtpd_sender_login_maps = tcp:127.0.0.1:${stage.ports.tcp}` })],
    [
      "proxy: in main.cf",
      () => ({ main: `smtpd_sender_login_maps = proxy:socketmap:unix:${"QUEUE"}/loginmapd/socketmap:senders` }),
    ],
    [
      "a table of another kind after ours",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:senders, static:root" }),
    ],
    [
      "the restriction in a class and in another list",
      () => ({
        main: "smtpd_restriction_classes = owners\nowners = reject_authenticated_sender_login_mismatch\nsubmission_sender_restrictions = check_sender_access inline:{<>=REJECT}, permit_sasl_authenticated, reject",
        master: (text) =>
          text.replaceAll("  -o smtpd_recipient_restrictions=\n", "  -o smtpd_recipient_restrictions=owners,reject\n"),
      }),
    ],
    [
      "a map on another name with local domains alike",
      () => ({
        yaml: { maps: { senders: { source: "mail", local_domains: ["local.example"] } } },
      }),
    ],
    [
      "AUTH under TLS only, with a certificate",
      () => ({ main: "smtpd_tls_auth_only = yes", master: override("submission", "smtpd_tls_security_level", "may") }),
    ],
  ])("on %s", async (_, mistake) => {
    const { main = "", ...rest } = mistake();
    expect(await loginmapd(await stage.plant({ main: main.replaceAll("QUEUE", stage.queue), ...rest }))).toMatchObject(
      silence,
    );
  });
});

test("the lines of docs/enforcing.md: first they only warn, then there is nothing to say", async () => {
  const blocks = readBlocks("docs/enforcing.md");
  const [watching = "", enforcing = ""] = blocks.filter(({ language }) => language === "").map(({ text }) => text);
  const table = /^smtpd_sender_login_maps = .*$/m.exec(watching)?.[0] ?? "missing";
  expect((await stage.diagnose(await stage.plant({ main: watching }))).map(({ check }) => check)).toEqual([
    "restriction-warns-only",
    "null-sender",
  ]);
  const args = await stage.plant({ main: `${table}\n${enforcing}` });
  const [last] = blocks.filter(({ language, text }) => language === "sh" && text.includes("doctor"));
  const commands = (last?.text ?? "").replace("postfix reload", "true").replace("loginmapd doctor", 'loginmapd "$@"');
  const bin = join(stage.path, "bin");
  await mkdir(bin);
  const main = join(projectRoot, "dist/main.js");
  await writeFile(join(bin, "loginmapd"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env["PATH"]}` };
  expect(await run("sh", ["-ec", commands, "sh", ...args], { env })).toMatchObject(silence);
});

test("the findings are printed for people, worst first", async () => {
  const outcome = await loginmapd(
    await stage.plant({
      main: "recipient_delimiter =\nsmtpd_sasl_local_domain = example.com\nsmtpd_sender_login_maps =",
      master: override("submission", "smtpd_sender_restrictions", `${refusesNull}, permit_sasl_authenticated, reject`),
    }),
  );
  expect(outcome).toMatchObject({ code: 1, stderr: "" });
  expect(
    outcome.stdout,
  ).toBe(`CRITICAL  submission: clients can log in, but no restriction asks who owns the sender address
          Every login may send as any address; smtpd_sender_login_maps alone does nothing.
          master.cf, submission inet: -o { smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch, ${refusesNull}, permit_sasl_authenticated, reject }

ERROR     submissions, 127.0.0.1:10587: smtpd_sender_login_maps is not set
          Nobody owns any address, so every client that is logged in is refused: 553 not owned by
          user.
          main.cf: smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:senders

WARNING   recipient_delimiter is empty in Postfix and "+" in the map senders
          user+tag@... is an address of its own to Postfix; here it belongs to whoever owns user@...
          loginmapd.yaml: maps.senders.recipient_delimiter: ""

NOTICE    submission, submissions, 127.0.0.1:10587: smtpd_sasl_local_domain = example.com has no
          effect with Dovecot
          A login without a domain is compared with the owners as it is: alice is not
          alice@example.com.
          main.cf: smtpd_sasl_local_domain =
          Dovecot 2.3: auth_default_realm = example.com
          Dovecot 2.4: auth_default_domain = example.com

Looked at: main.cf and master.cf (submission, submissions, 127.0.0.1:10587, smtp, 127.0.0.1:10025);
Dovecot at unix:${stage.queue}/private/auth.
`);
});

test("as JSON they come with what was looked at, and what was not", async () => {
  const args = await stage.plant({ main: "smtpd_sender_login_maps =\nsubmission_milters = inet:127.0.0.1:8891" });
  const { code, stdout } = await loginmapd([...args, "--json"]);
  const { findings, ...scope } = JSON.parse(stdout);
  expect(code).toBe(1);
  expect(findings).toContainEqual(expect.objectContaining({ severity: "error", check: "map-not-set" }));
  expect(scope).toEqual({
    lookedAt: [
      "main.cf and master.cf (submission, submissions, 127.0.0.1:10587, smtp, 127.0.0.1:10025)",
      `Dovecot at unix:${stage.queue}/private/auth`,
    ],
    notLookedAt: ["what the milter inet:127.0.0.1:8891 refuses"],
  });
});

test("every parameter is expanded as postconf does", async () => {
  const read = async (...args: string[]) => {
    const { stdout } = await run("postconf", ["-c", stage.server.home.etc, ...args]);
    return new Map(Array.from(stdout.matchAll(/^(\w+) =(.*)$/gm), ([, name = "", value = ""]) => [name, value.trim()]));
  };
  const [raw, expanded] = [await read(), await read("-x")];
  // postconf leaves alone what has a meaning at delivery only, such as $recipient.
  const names = [...raw.keys()].filter((name) => name !== "process_id" && !expanded.get(name)?.includes("$"));
  expect(names.length).toBeGreaterThan(700);
  const ours = names.map((name) => [
    name,
    expand(raw.get(name) ?? "", (one) => raw.get(one))
      .trim()
      .replaceAll(/\s+/g, " "),
  ]);
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(names.map((name) => [name, expanded.get(name)])));
});

test("a directory without main.cf: exit 69, and postconf says why", async () => {
  const outcome = await loginmapd([
    "doctor",
    "-c",
    stage.daemon.configFile as string,
    "--postfix-config",
    "/nonexistent",
  ]);
  expect(outcome).toMatchObject({ code: 69, stdout: "" });
  expect(outcome.stderr).toMatch(/^loginmapd: postconf: fatal: open \/nonexistent\/main\.cf/);
});
