/** The commands of docs/operations.md that need no running systemd, each as it stands there. */
import { readFileSync } from "node:fs";
import { appendFile, chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { type Outcome, run } from "../../support/servers/processes.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { WireClient } from "../../support/wire/wire.ts";

const text = readFileSync(join(projectRoot, "docs/operations.md"), "utf8");

/** Everything between backquotes that begins with a program's name, in the order of the text. */
function commands(program: string): string[] {
  const found = Array.from(text.matchAll(/`([^`]+)`/g), ([, code = ""]) => code.replaceAll("\n", " "));
  return [...new Set(found.filter((code) => code.startsWith(`${program} `)))];
}

let stage: Stage;
let directory: TestDirectory;
let postfix: PostfixHome;
let socket: string;

beforeAll(async () => {
  directory = await makeDirectory("operations");
  socket = join(directory.path, "socketmap");
  // A host that is down, beside the one that answers.
  stage = await startStage({
    unixSockets: [socket],
    config: (mariadb) => ({
      sources: {
        mail: {
          driver: "mysql",
          hosts: ["inet:127.0.0.1:1", `inet:127.0.0.1:${mariadb.port}`],
          user: "loginmapd",
          password: "reader-password",
          database: mariadb.database,
          preset: "native",
        },
      },
    }),
  });
  postfix = await makePostfixHome();
  await mkdir(join(directory.path, "bin"));
  await writeFile(messageFile(), "From: alice@example.com\n\nHello.\n");
  const program = join(directory.path, "bin/loginmapd");
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${join(projectRoot, "dist/main.js")} "$@"\n`);
  await chmod(program, 0o755);
});
afterAll(async () => {
  await postfix.remove();
  await stage.stop();
  await directory.remove();
});

const messageFile = () => join(directory.path, "message.eml");

function shell(command: string): Promise<Outcome> {
  const env = {
    PATH: `${join(directory.path, "bin")}:${process.env["PATH"]}:/usr/sbin`,
    LOGINMAPD_CONFIG: stage.daemon.configFile,
    MAIL_CONFIG: postfix.etc,
  };
  const here = command
    .replaceAll("/var/spool/postfix/loginmapd/socketmap", socket)
    .replaceAll(":9100", `:${stage.ports.admin}`)
    .replaceAll(":9000", `:${stage.ports.socketmap}`)
    .replaceAll("ADDRESS", "alice@example.com")
    .replaceAll("LOGIN", "alice@example.com")
    .replaceAll("FILE", messageFile())
    // The demo's rows have no postmaster.
    .replaceAll("postmaster@example.com", "sales@example.com");
  return run("sh", ["-c", here], { env });
}

describe("loginmapd", () => {
  // Two are names without arguments; the doctor runs in doctor.test.ts, where there is a mail server to look at, and the audit
  // in audit.test.ts, where there is a log.
  const runnable = commands("loginmapd").filter(
    (command) => !/^loginmapd (?:(?:doctor|lookup|query)$|audit )/.test(command),
  );

  test("is called in every way that this file has seen", () => {
    expect(runnable.length).toBeGreaterThanOrEqual(8);
  });

  test.each(runnable)("%s", async (command) => {
    const { code, stdout, stderr } = await shell(command);
    // A flush prints how much it forgot; the host that is down may be logged by the commands that connect.
    expect({ command, code, stderr: stderr.replaceAll(/^.*database host is down.*\n/gm, "") }).toMatchObject({
      code: 0,
    });
    expect(stdout).not.toBe("");
  });
});

describe("Postfix with the shipped pieces", () => {
  beforeAll(async () => {
    const pieces = join(projectRoot, "deploy/postfix");
    await appendFile(join(postfix.etc, "main.cf"), `\n${await readFile(join(pieces, "main.cf"), "utf8")}`);
    await copyFile(join(pieces, "master.cf"), join(postfix.etc, "master.cf"));
  });

  test("postconf -n shows the map", async () => {
    const [command = ""] = commands("postconf").filter((one) => one.includes("-n"));
    expect((await shell(command)).stdout).toContain(
      "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:senders\n",
    );
  });

  test("postconf -Px shows the restriction before the permit, for every service", async () => {
    const [command = ""] = commands("postconf").filter((one) => one.includes("-P"));
    const lines = (await shell(command)).stdout.trim().split("\n");
    expect(lines).toHaveLength(3);
    for (const line of lines)
      expect(line).toMatch(
        / = reject_authenticated_sender_login_mismatch, check_sender_access inline:.*, permit_sasl_authenticated, reject$/,
      );
  });

  test("postconf shows the name of the map after the last colon", async () => {
    expect((await shell("postconf smtpd_sender_login_maps")).stdout).toMatch(/:senders\n$/);
    expect(commands("postconf")).toContain("postconf smtpd_sender_login_maps");
  });
});

describe("looking at the daemon", () => {
  test("curl asks whether it is ready", async () => {
    const [command = ""] = commands("curl");
    expect(JSON.parse((await shell(`${command} -s`)).stdout)).toMatchObject({ ready: true });
  });

  test("ss shows who is connected, on the unix socket and on the port", async () => {
    const client = await WireClient.open(stage.ports.socketmap);
    try {
      expect(commands("ss")).toHaveLength(2);
      for (const command of commands("ss")) {
        const { code, stdout, stderr } = await shell(command);
        expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: "" });
        if (command.includes("sport")) expect(stdout).toContain(`127.0.0.1:${stage.ports.socketmap}`);
      }
    } finally {
      client.close();
    }
  });

  test("the filters of the log find what they are for", async () => {
    const filters = commands("journalctl").filter((command) => command.includes("-u loginmapd -o cat |"));
    expect(filters).toHaveLength(2);
    const log = join(directory.path, "log");
    await waitUntil("the host to be found down", () => stage.daemon.log().includes("database host is down"));
    // journald keeps what the daemon writes; the last two are lines as `error` and `fatal` have them.
    const wrong = ["error", "fatal"].map(
      (level) => `{"level":"${level}","time":"2026-01-01T00:00:00.000Z","msg":"x"}\n`,
    );
    await writeFile(log, stage.daemon.log() + wrong.join(""));
    for (const filter of filters) {
      const { stdout } = await shell(filter.replace(/^journalctl -u loginmapd -o cat/, `cat ${log}`));
      if (filter.includes("level")) expect(stdout).toBe(wrong.join(""));
      else expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ level: "warn", host: "inet:127.0.0.1:1" });
    }
  });
});

test("below level debug the log names no address and no login of a lookup, whatever its outcome", async () => {
  const client = await WireClient.open(stage.ports.socketmap);
  expect(await client.ask("senders", "bob@example.com")).toBe("OK bob@example.com");
  expect(await client.ask("senders", "nobody@example.com")).toBe("NOTFOUND ");
  expect(await client.ask("typo", "carol@example.com")).toMatch(/^PERM /);
  await stage.mariadb.query("RENAME TABLE addresses TO elsewhere");
  expect(await client.ask("senders", "made-up@example.com")).toMatch(/^TEMP /);
  await stage.mariadb.query("RENAME TABLE elsewhere TO addresses");
  client.close();
  await waitUntil("both failures to be told", () => /query refused[\s\S]*lookup failed/.test(stage.daemon.log()));
  expect(stage.daemon.log()).not.toMatch(/[a-z]@example\.com/);
});

test("no process is named by what any program of Node.js is called", () => {
  expect(text).not.toMatch(/pidof|pgrep|pkill/);
  expect(text).toContain("systemctl show -p MainPID --value loginmapd");
});
