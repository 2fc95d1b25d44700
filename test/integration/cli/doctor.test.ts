/** `loginmapd doctor` in this process, on the files of a private Postfix that is not running. */

import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { run } from "../../support/servers/processes.ts";
import { makePlace, type Place, runHere } from "./support.ts";

let place: Place;
let home: PostfixHome;

beforeAll(async () => {
  place = await makePlace();
  home = await makePostfixHome({
    smtpd_sasl_auth_enable: "yes",
    smtpd_sasl_type: "dovecot",
    smtpd_sasl_path: `${place.path}/auth`,
    smtpd_sender_login_maps: `socketmap:unix:${place.path}/socketmap:senders`,
  });
  await home.writeTable("master.cf", "127.0.0.1:10587 inet n - n - - smtpd\n");
  await home.writeTable("senders.text", "# of partners\nnews@example.org OK\nads@example.org\n  REJECT\n");
  const hashed = await home.writeTable("senders", "<> REJECT nobody owns it\ncron@example.org OK\n");
  const outcome = await run("postmap", ["-c", home.etc, `hash:${hashed}`]);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});

afterAll(async () => {
  await home.remove();
  await place.remove();
});

const doctor = (...args: readonly string[]) =>
  runHere("doctor", "-c", place.configFile, "--postfix-config", home.etc, ...args);

/** Postfix's configuration with these restrictions, examined. */
async function examined(restrictions: string) {
  await home.setParameter("smtpd_sender_restrictions", restrictions);
  const { code, stdout, stderr } = await doctor("--json");
  expect(stderr).toBe("");
  const { findings, ...scope } = JSON.parse(stdout) as {
    findings: { check: string; severity: string }[];
    lookedAt: string[];
    notLookedAt: string[];
  };
  expect(code).toBe(findings.length === 0 ? 0 : 1);
  return { findings, scope };
}

test("a daemon and a Dovecot that are not there are findings, for people too", async () => {
  const { findings } = await examined("reject_authenticated_sender_login_mismatch");
  expect(findings.map(({ check }) => check)).toEqual(["daemon-silent", "sasl-silent", "milter-missing"]);
  const { code, stdout } = await doctor();
  expect(code).toBe(1);
  for (const { severity } of findings) expect(stdout).toContain(severity.toUpperCase());
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("Looked at: main.cf and master.cf (127.0.0.1:10587)");
});

test("a Dovecot that greets is none, once the account of Postfix may connect to it", async () => {
  const socket = join(place.path, "auth");
  const server = createServer((client) => void client.resume().write("VERSION\t1\t2\nMECH\tPLAIN\nDONE\n")).listen(
    socket,
  );
  await once(server, "listening");
  const aboutSasl = async () => {
    const { findings, scope } = await examined("reject_authenticated_sender_login_mismatch");
    expect(scope.lookedAt).toContain(`Dovecot at unix:${socket}`);
    return findings.map(({ check }) => check).filter((check) => check.startsWith("sasl-"));
  };
  try {
    await chmod(socket, 0o600);
    expect(await aboutSasl()).toEqual(["sasl-permission"]);
    await chmod(socket, 0o666);
    expect(await aboutSasl()).toEqual([]);
  } finally {
    server.close();
  }
});

test("tables before the restriction are looked into; one that cannot be listed is named as not looked at", async () => {
  const [text, hashed] = [`texthash:${home.etc}/senders.text`, `hash:${home.etc}/senders`];
  const gone = `texthash:${home.etc}/gone`;
  const tables = [text, hashed, gone].map((table) => `check_sender_access ${table}`);
  const { scope } = await examined([...tables, "reject_authenticated_sender_login_mismatch"].join(", "));
  expect(scope.lookedAt).toContain(text);
  expect(scope.lookedAt).toContain(hashed);
  expect(scope.lookedAt).not.toContain(gone);
  expect(scope.notLookedAt).toContain(`what ${gone} says`);
});

test("a directory without a configuration ends with 69 and postconf's words", async () => {
  const outcome = await runHere("doctor", "-c", place.configFile, "--postfix-config", `${place.path}/none`);
  expect(outcome).toMatchObject({ code: 69, stdout: "" });
  expect(outcome.stderr).toMatch(/^loginmapd: .*none\/main\.cf.*\n$/s);
});
