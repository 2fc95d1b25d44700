/** Every example of `--help` and loginmapd(8), typed into a shell: only places are mapped. */
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../../../src/cli/options.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { freePorts, isListening } from "../../support/servers/ports.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { type Child, type Outcome, run, startChild, stopChild } from "../../support/servers/processes.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";
import { waitUntil } from "../../support/wait.ts";
import { askOnce } from "../../support/wire/wire.ts";

const examples = commands.flatMap((command) => command.examples);

let stage: Stage;
let directory: TestDirectory;
let postfix: PostfixHome;

beforeAll(async () => {
  stage = await startStage();
  postfix = await makePostfixHome();
  const submission = "submission inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n";
  await postfix.writeTable("master.cf", (await readFile(join(postfix.etc, "master.cf"), "utf8")) + submission);
  directory = await makeDirectory("cli-examples");
  const bin = join(directory.path, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "loginmapd"), `#!/bin/sh\nexec '${process.execPath}' '${projectRoot}/dist/main.js' "$@"\n`);
  await chmod(join(bin, "loginmapd"), 0o755);
  const now = new Date().toISOString();
  const log = [
    `${now} mx postfix/submission/smtpd[1]: 4jc6: client=c[203.0.113.9], sasl_method=PLAIN, sasl_username=alice@example.com`,
    `${now} mx postfix/qmgr[2]: 4jc6: from=<bob@example.com>, size=284, nrcpt=1 (queue active)`,
  ];
  await writeFile(join(directory.path, "mail.log"), `${log.join("\n")}\n`);
  await writeFile(join(directory.path, "forged.eml"), "From: alice@example.com\nTo: r@y.example\n\nHello.\n");
  await writeFile(join(bin, "journalctl"), `#!/bin/sh\nexec cat '${join(directory.path, "mail.log")}'\n`);
  await chmod(join(bin, "journalctl"), 0o755);
  await copyFile(stage.daemon.configFile as string, join(directory.path, "loginmapd.yaml"));
  const table = [
    `hosts = inet:127.0.0.1:${stage.mariadb.port}`,
    "user = loginmapd",
    "password = reader-password",
    `dbname = ${stage.mariadb.database}`,
    "query = SELECT login FROM addresses WHERE localpart = '%u' AND domain = '%d'",
  ];
  await writeFile(join(directory.path, "mysql-sender_login_maps.cf"), `${table.join("\n")}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await stage?.stop();
  await postfix?.remove();
  await directory?.remove();
});

/** The environment of an administrator on whose machine the daemon of the stage runs. */
const environment = () => ({
  PATH: `${join(directory.path, "bin")}${delimiter}${process.env["PATH"]}`,
  LOGINMAPD_CONFIG: stage.daemon.configFile,
  MAIL_CONFIG: postfix.etc,
});

function here(example: string, port = stage.ports.socketmap): string {
  return example
    .replace("/etc/postfix/mysql-sender_login_maps.cf", join(directory.path, "mysql-sender_login_maps.cf"))
    .replace("/etc/postfix-out", postfix.etc)
    .replace("/usr/local/share/bash-completion/completions", directory.path)
    .replace("/etc/postfix/senders", join(directory.path, "senders"))
    .replace("/var/log/", `${directory.path}/`)
    .replace("127.0.0.1:9000", `127.0.0.1:${port}`);
}

const type = (example: string) => run("sh", ["-c", here(example)], { cwd: directory.path, env: environment() });

/** What each example has to do. `serve` does not end and has tests of its own below. */
const expected: Readonly<Record<string, (outcome: Outcome) => void | Promise<void>>> = {
  "loginmapd check": ({ code, stdout }) => {
    expect(code).toBe(0);
    expect(stdout).toContain("stale_if_error: 1h");
  },
  "loginmapd check --connect --config ./loginmapd.yaml": ({ code, stdout }) => {
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}address +ok, uses indexes$/m);
  },
  "loginmapd lookup alice+news@example.com --login bob@example.com": ({ code, stdout }) => {
    expect(code).toBe(0);
    expect(stdout).toContain("owners:  alice@example.com");
    expect(stdout).toContain("553 5.7.1 <alice+news@example.com>: Sender address rejected");
  },
  "loginmapd lookup --message forged.eml --login bob@example.com": ({ code, stdout }) => {
    expect(code).toBe(0);
    expect(stdout).toContain("550 5.7.1 <alice@example.com>: From address rejected: not owned by user bob@example.com");
  },
  "loginmapd query senders alice@example.com --server inet:127.0.0.1:9000": ({ code, stdout }) =>
    expect({ code, stdout }).toEqual({ code: 0, stdout: "alice@example.com\n" }),
  "loginmapd flush --address alice@example.com": ({ code }) => expect(code).toBe(0),
  "loginmapd flush --all --map senders": ({ code }) => expect(code).toBe(0),
  "loginmapd import /etc/postfix/mysql-sender_login_maps.cf > loginmapd.yaml": async ({ code, stdout }) => {
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const written = await readFile(join(directory.path, "loginmapd.yaml"), "utf8");
    expect(written).toMatch(/^sources:$/m);
  },
  // A submission service without the map: there is something to say.
  "loginmapd doctor": ({ code, stdout }) => {
    expect(code).toBe(1);
    expect(stdout).toMatch(/^CRITICAL /m);
  },
  "loginmapd doctor --postfix-config /etc/postfix-out --json": ({ code, stdout }) => {
    expect(code).toBe(1);
    expect(JSON.parse(stdout).findings[0]).toMatchObject({ severity: "critical" });
  },
  "loginmapd list alice@example.com": ({ code, stdout }) => {
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alice@example\.com\taddress$/m);
  },
  "loginmapd list --format texthash > /etc/postfix/senders": async ({ code, stderr }) => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // Postfix itself reads it.
    const [table, key] = [`texthash:${join(directory.path, "senders")}`, "alice@example.com"];
    const found = await run("postmap", ["-q", key, table], { env: environment() });
    expect(found).toMatchObject({ code: 0, stdout: "alice@example.com\n" });
  },
  "loginmapd audit /var/log/mail.log*": ({ code, stdout }) => {
    expect(code).toBe(1);
    expect(stdout).toMatch(/^alice@example\.com as bob@example\.com: 1 message, last /m);
  },
  "loginmapd completion bash > /usr/local/share/bash-completion/completions/loginmapd": async (outcome) => {
    expect(outcome).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const told = await run("bash", ["--norc", "-c", "source ./loginmapd; complete -p loginmapd"], {
      cwd: directory.path,
    });
    expect(told).toMatchObject({ code: 0, stdout: "complete -F _loginmapd loginmapd\n" });
  },
  "journalctl -u 'postfix*' | loginmapd audit - --since 7d --json": ({ code, stdout }) => {
    expect(code).toBe(1);
    expect(JSON.parse(stdout).refusals).toMatchObject([{ login: "alice@example.com", sender: "bob@example.com" }]);
  },
};

/** Starts an example of `serve` and asks what it serves. */
const served: Readonly<Record<string, () => Promise<void>>> = {
  "loginmapd serve --demo": async () => {
    const [socketmap, tcpTable, admin] = (await freePorts(3)) as [number, number, number];
    // The demo's own ports may be taken by another test.
    const ports = {
      LOGINMAPD_LISTENERS__0__ENDPOINT: `inet:127.0.0.1:${socketmap}`,
      LOGINMAPD_LISTENERS__1__ENDPOINT: `inet:127.0.0.1:${tcpTable}`,
      LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}`,
    };
    await serve("loginmapd serve --demo", ports, socketmap);
  },
  "loginmapd serve --postfix-cf /etc/postfix/mysql-sender_login_maps.cf --listen inet:127.0.0.1:9000": async () => {
    const [port, admin] = (await freePorts(2)) as [number, number];
    const [, example = ""] = examples;
    await serve(here(example, port), { LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}` }, port);
  },
};

async function serve(line: string, more: Readonly<Record<string, string>>, port: number): Promise<void> {
  const env = { ...environment(), LOGINMAPD_CONFIG: undefined, ...more };
  const child: Child = startChild("sh", ["-c", `exec ${line}`], { cwd: directory.path, env });
  try {
    await waitUntil(`${line} to listen`, async () => {
      if (!child.isRunning()) throw new Error(child.stderr());
      return isListening(port);
    });
    expect(await askOnce(port, "senders", "alice@example.com")).toBe("OK alice@example.com");
  } finally {
    expect((await stopChild(child)).code).toBe(0);
  }
}

test("every example has its expectation here", () => {
  expect(examples.toSorted()).toEqual([...Object.keys(expected), ...Object.keys(served)].toSorted());
});

test.each(Object.entries(expected))("%s", async (example, check) => {
  await check(await type(example));
});

test.each(Object.entries(served))("%s", async (_, check) => {
  await check();
});
