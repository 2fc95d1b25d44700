/** `loginmapd audit` on logs that a real Postfix wrote, of messages that the test sent: the truth is known. */
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { type AuditedMailServer, startAuditedMailServer, truth } from "../../support/servers/audited-mail-server.ts";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

let directory: TestDirectory;
let server: AuditedMailServer;

beforeAll(async () => {
  directory = await makeDirectory("audit");
  server = await startAuditedMailServer(directory.path);
});

afterAll(async () => {
  await server?.stop();
  await directory?.remove();
});

interface Report {
  readonly messages: number;
  readonly logins: number;
  readonly nullSenders: number;
  readonly refusals: readonly (Omit<(typeof truth)[number], "allow"> & { readonly allow: { readonly line: string } })[];
}

async function audit(args: readonly string[], input?: string | Buffer): Promise<Report> {
  const outcome = await loginmapd(
    ["audit", "-c", server.config, "--json", ...args],
    input === undefined ? {} : { input },
  );
  expect(outcome).toMatchObject({ stderr: "" });
  const report = JSON.parse(outcome.stdout) as Report;
  expect(outcome.code).toBe(report.refusals.length === 0 ? 0 : 1);
  return report;
}

function expectTruth({ refusals, ...totals }: Report): void {
  expect(totals).toMatchObject({ messages: 7, logins: 2, nullSenders: 1 });
  const found = refusals.map(({ login, sender, messages, refused, warned, reason, allow }) => ({
    login,
    sender,
    messages,
    refused,
    warned,
    reason,
    allow: allow.line,
  }));
  expect(found).toHaveLength(truth.length);
  expect(found).toEqual(expect.arrayContaining(truth));
}

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory.path, name);
  await writeFile(path, content);
  return path;
}

/** A part of the log, as rsyslog or the journal has it, among lines of others. */
function amongOthers(text: string): string {
  const lines = text
    .split("\n")
    .flatMap((line, i) => (i % 5 === 0 ? [line, "Nov 28 01:02:03 mx kernel: eth0: up"] : [line]));
  return lines.join("\n");
}

describe("the log of a real Postfix", () => {
  test("as postlogd writes it", async () => {
    expectTruth(await audit([await file("mail.log", server.log)]));
  });

  test("as rsyslog writes it into both kinds of files, packed by logrotate", async () => {
    const { traditional, rfc3339 } = server.logs;
    expect(traditional).toMatch(/^[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ postfix\/submission\/smtpd\[\d+\]: /m);
    expectTruth(await audit([await file("traditional.log", traditional)]));
    expect(rfc3339).toMatch(/^[\d-]{10}T[\d:]{8}\.\d{6}\S+ \S+ postfix\/submission\/smtpd\[\d+\]: /m);
    expectTruth(await audit([await file("mail.log.2.gz", gzipSync(rfc3339))]));
  });

  test("as journalctl prints it, through a pipe", async () => {
    expect(server.logs.journal).toMatch(/^[A-Z][a-z]{2} \d\d [\d:]{8} \S+ systemd-journald\[\d+\]: Journal started$/m);
    expectTruth(await audit(["-"], amongOthers(server.logs.journal)));
    expect(server.logs.journalIso).toMatch(/^[\d-]{10}T[\d:]{8}[+-]\d{4} \S+ postfix\/submission\/smtpd\[\d+\]: /m);
    expectTruth(await audit(["-"], server.logs.journalIso));
  });

  test("as journalctl of other versions prints it, with headings", async () => {
    const heading = "-- Journal begins at Sun 2026-01-04 11:08:48 UTC, ends at now. --";
    const reboot = "-- Boot 5e1b3c0a4b7d4f0f8f6a1c2d3e4f5a6b --";
    expectTruth(await audit(["-"], `${heading}\n${server.logs.journal}${reboot}\n`));
  });

  test("in three files, the newest first, cut in the middle of messages", async () => {
    const lines = server.log.split("\n");
    const part = (from: number, to: number) => `${lines.slice(from, to).join("\n")}\n`;
    const [first, second] = [Math.floor(lines.length / 3), Math.floor((2 * lines.length) / 3)];
    // Written within a second, as nothing real is: what is left to tell them apart is when they were written last.
    const oldest = await file("part.log.2.gz", gzipSync(part(0, first)));
    const older = await file("part.log.1", part(first, second));
    for (const [path, age] of [
      [oldest, 20],
      [older, 10],
    ] as const) {
      await utimes(path, Date.now() / 1000 - age, Date.now() / 1000 - age);
    }
    expectTruth(await audit([await file("part.log", part(second, lines.length)), older, oldest]));
  });

  test("of two hosts in one file, every second line of the other", async () => {
    const twin = server.log.replaceAll(/^(\S+ +\d+ \S+) \S+ /gm, "$1 mx2 ");
    const others = twin.split("\n");
    const mixed = server.log.split("\n").flatMap((line, i) => [line, others[i] ?? ""]);
    const { messages, nullSenders, refusals } = await audit(["-"], mixed.join("\n"));
    expect({ messages, nullSenders }).toEqual({ messages: 14, nullSenders: 2 });
    // Those with as many messages stand in the order of their last seconds.
    expect(refusals.map(({ messages: n, refused }) => `${n} ${refused}`).toSorted()).toEqual([
      "0 4",
      "2 0",
      "2 0",
      "4 0",
    ]);
  });

  test("after a host went down in the middle of a line", async () => {
    const broken = `${server.log.slice(0, 1000).replace(/\n[^\n]*$/, "\nNov 28 0")}\0\0\0\0${server.log}`;
    const { refusals } = await audit(["-"], broken);
    expect(refusals).toHaveLength(truth.length);
  });

  test("for people, with what would have been refused and what would let it through", async () => {
    const { code, stdout } = await loginmapd(["audit", "-c", server.config, await file("people.log", server.log)]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^alice@example\.com as bob@example\.com: 2 messages, last \w{3} [ \d]\d \d\d:\d\d:\d\d\n {4}owned by bob@example\.com\n {4}sql: INSERT /m,
    );
    expect(stdout).toMatch(/^bob@example\.com as ceo@nowhere\.example: 0 messages, 2 refused by the map, last /m);
    expect(stdout).toMatch(/^7 messages of 2 logins in \d+ lines of 1 file, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d\.$/m);
    expect(stdout).toMatch(/^4 messages of 2 logins would be refused: 4 pairs of login and sender\.$/m);
    expect(stdout).toMatch(/^1 message had the null sender, which Postfix never asks the map for\.$/m);
  });

  test("--since leaves out what was before", async () => {
    expect((await audit(["-", "--since", "1h"], server.log)).refusals).toHaveLength(truth.length);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    expect(await audit(["-", "--since", tomorrow], server.log)).toMatchObject({ messages: 0, refusals: [] });
  });

  test("the lines that it prints are what was missing: applied, nobody is refused", async () => {
    const path = await file("applied.log", server.log);
    const { refusals } = await audit([path]);
    const sqlite = new Database(join(directory.path, "native.sqlite"));
    sqlite.exec(refusals.map(({ allow }) => allow.line).join("\n"));
    expect(await audit([path])).toMatchObject({ messages: 7, refusals: [] });
    sqlite.exec("DELETE FROM send_as_grants WHERE domain <> 'partner.example'");
    sqlite.close();
  });
});

describe("docs/enforcing.md", () => {
  const blocks = readBlocks("docs/enforcing.md");

  test("what the audit prints", async () => {
    const at = "Nov  8 11:08:48 mx1 postfix/submission/";
    const lines = Array.from({ length: 12 }, (_, i) => [
      `${at}smtpd[1]: A${i}: client=c[203.0.113.9], sasl_method=PLAIN, sasl_username=alice@example.com`,
      `${at}qmgr[2]: A${i}: from=<newsletter@partner.example>, size=284, nrcpt=1 (queue active)`,
    ]);
    const { stdout } = await loginmapd(["audit", "-c", server.config, "-"], { input: lines.flat().join("\n") });
    const [shown] = blocks.filter(({ language }) => language === "text");
    expect(stdout.startsWith(shown?.text ?? "missing")).toBe(true);
  });

  test.each(blocks.filter(({ language, text }) => language === "sh" && text.includes(" audit ")))(
    "line $line",
    async ({ text }) => {
      const bin = join(directory.path, "bin");
      await mkdir(bin, { recursive: true });
      await writeFile(join(directory.path, "mail.log"), server.log);
      const main = join(projectRoot, "dist/main.js");
      await writeFile(join(bin, "loginmapd"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
        mode: 0o755,
      });
      await writeFile(join(bin, "journalctl"), `#!/bin/sh\nexec cat '${directory.path}/mail.log'\n`, { mode: 0o755 });
      const command = text.replaceAll("/var/log/mail.log*", join(directory.path, "mail.log"));
      const env = { PATH: `${bin}:${process.env["PATH"]}`, LOGINMAPD_CONFIG: server.config };
      const { code, stdout, stderr } = await run("sh", ["-c", command], { env });
      expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
      expect(stdout).toMatch(/^7 messages of 2 logins /m);
    },
  );
});

describe("what cannot be judged", () => {
  test("a log that is not there, and one that is cut: exit 69", async () => {
    const cut = await file("cut.gz", gzipSync(server.log).subarray(0, 200));
    for (const [path, why] of [
      ["/nonexistent/mail.log", /no such file/],
      [cut, /unexpected end of file/],
    ] as const) {
      const outcome = await loginmapd(["audit", "-c", server.config, path]);
      expect(outcome).toMatchObject({ code: 69, stdout: "" });
      expect(outcome.stderr).toMatch(why);
    }
  });

  test("a source that is not there: exit 69, and nothing looks like an answer", async () => {
    const yaml = (await readFile(server.config, "utf8")).replace(/path: .*/, "path: /nonexistent/mail.sqlite");
    const broken = join(directory.path, "broken.yaml");
    await writeFile(broken, yaml, { mode: 0o600 });
    const outcome = await loginmapd(["audit", "-c", broken, await file("judge.log", server.log)]);
    expect(outcome).toMatchObject({ code: 69, stdout: "" });
    expect(outcome.stderr).toMatch(/mail: no answer, so nobody can be judged: /);
  });

  test("a map that the configuration does not have, a time that is none: exit 64", async () => {
    for (const args of [
      ["--map", "typo"],
      ["--since", "yesterday"],
    ]) {
      expect(await loginmapd(["audit", "-c", server.config, "-", ...args], { input: "" })).toMatchObject({ code: 64 });
    }
  });

  test("a log of something else: it says so", async () => {
    const { code, stdout } = await loginmapd(["audit", "-c", server.config, "-"], {
      input: "Nov 28 01:02:03 mx kernel: up\n",
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `0 messages of 0 logins in 1 line of 1 file.
None would be refused.
There is no line of Postfix's smtpd or qmgr in them: is it the right log?
`,
    });
  });

  test("a line of last year in a file of this year", async () => {
    const old = await file("old.log", server.log.replaceAll(/^[A-Z][a-z]{2} [ \d]\d/gm, "Dec 31"));
    const newYear = new Date(2026, 0, 1, 0, 10).getTime() / 1000;
    await utimes(old, newYear, newYear);
    const { stdout } = await loginmapd(["audit", "-c", server.config, old]);
    expect(stdout).toMatch(/, 2025-12-31 to 2025-12-31\.$/m);
  });
});

test("a million lines through a pipe, in a heap of 128 MB", async () => {
  const script = `
    let n = 0;
    const write = () => {
      while (n < 1000000) {
        let text = "";
        for (let i = 0; i < 1000; i += 4, n += 4) {
          const id = n.toString(36).toUpperCase();
          const at = "Nov 28 01:02:03 mx1 postfix/";
          text += at + "submission/smtpd[1]: 4jc" + id + ": client=c[203.0.113.9], sasl_method=PLAIN, sasl_username=alice@example.com\\n"
            + at + "cleanup[2]: 4jc" + id + ": message-id=<" + id + "@mx.example.com>\\n"
            + at + "qmgr[3]: 4jc" + id + ": from=<user" + (n % 2000) + "@example.com>, size=284, nrcpt=1 (queue active)\\n"
            + at + "smtp[4]: 4jc" + id + ": to=<r@y.example>, relay=none, status=sent (250 2.0.0 Ok)\\n";
        }
        if (!process.stdout.write(text)) return process.stdout.once("drain", write);
      }
    };
    write();`;
  const command = `${process.execPath} -e '${script}' | ${process.execPath} --max-old-space-size=128 dist/main.js audit -c ${server.config} --json -`;
  const { code, stdout, stderr } = await run("sh", ["-c", command], {}, 170_000);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  // No id is ever removed: each is forgotten in its turn.
  expect(JSON.parse(stdout)).toMatchObject({ lines: 1_000_000, messages: 250_000, logins: 1, dropped: 0 });
}, 180_000);
