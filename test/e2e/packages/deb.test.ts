/**
 * The Debian package as an administrator meets it: built, installed, run, purged.
 *
 * It is installed on this machine, not in a chroot: that is what maintainer scripts are for. Fails at once where
 * loginmapd is installed already, so that nobody's configuration is purged.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyCheckout } from "../../support/checkout.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { readmeBlocks, transcriptsOf } from "../../support/docs/readme.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { installMailServer } from "../../support/servers/debian-mail-server.ts";
import {
  buildEnvironment,
  buildPackage,
  must,
  noninteractive,
  pathsOfLoginmapd,
  provideNodejs,
} from "../../support/servers/debian-package.ts";
import { type Machine, openMachine } from "../../support/servers/machine.ts";
import { freePort, isListening } from "../../support/servers/ports.ts";
import { type Child, run, startChild, stopChild } from "../../support/servers/processes.ts";
import { waitUntil, within } from "../../support/wait.ts";

const socket = "/var/spool/postfix/loginmapd/socketmap";
const aptOptions = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
const fromRoot = { cwd: "/" };

let directory: TestDirectory;
let packageFile: string;
let madeNodejs = false;
let before: string[];

beforeAll(async () => {
  if ((await run("dpkg-query", ["-W", "loginmapd"])).code === 0) {
    throw new Error("loginmapd is installed on this machine and would be purged. If it may be: dpkg --purge loginmapd");
  }
  before = await pathsOfLoginmapd();
  directory = await makeDirectory("deb");
  packageFile = await buildPackage(join(directory.path, "first"));
  madeNodejs = await provideNodejs(directory.path);
  must(await run("apt-get", ["install", ...aptOptions, packageFile], noninteractive, 300_000));
}, 600_000);

afterAll(async () => {
  await run("dpkg", ["--purge", "loginmapd"], noninteractive, 120_000);
  if (madeNodejs) await run("dpkg", ["--purge", "nodejs"], noninteractive, 120_000);
  await directory?.remove();
}, 300_000);

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);
const idOf = async (kind: "passwd" | "group", name: string) =>
  Number((await run("getent", [kind, name])).stdout.split(":")[2]);

test("the same sources give the same package, byte by byte", async () => {
  const digest = async (file: string) =>
    createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  expect(await digest(await buildPackage(join(directory.path, "second")))).toBe(await digest(packageFile));
}, 300_000);

test("the command is on the PATH and knows its version", async () => {
  const { version } = JSON.parse(await readFile(join(projectRoot, "package.json"), "utf8"));
  const outcome = await run("loginmapd", ["--version"], fromRoot);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain(version);
});

test("the shells find their completions, and the command prints the same", async () => {
  for (const [shell, path] of [
    ["bash", "bash-completion/completions/loginmapd"],
    ["zsh", "zsh/vendor-completions/_loginmapd"],
  ] as const) {
    const stdout = await readFile(join("/usr/share", path), "utf8");
    expect(await run("loginmapd", ["completion", shell], fromRoot)).toMatchObject({ code: 0, stdout, stderr: "" });
  }
});

test("the secrets and the configuration are for root and the daemon alone", async () => {
  const group = await idOf("group", "loginmapd");
  for (const name of ["loginmapd.yaml", "admin-token", "mysql-password"]) {
    const { uid, gid } = await stat(join("/etc/loginmapd", name));
    expect({ name, mode: await modeOf(join("/etc/loginmapd", name)), uid, gid }).toEqual({
      name,
      mode: "640",
      uid: 0,
      gid: group,
    });
  }
  expect(await modeOf("/etc/loginmapd")).toBe("750");
  const token = (await readFile("/etc/loginmapd/admin-token", "utf8")).trim();
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect((await readFile("/etc/loginmapd/mysql-password", "utf8")).trim()).not.toBe(token);
});

test("the packaged configuration is right as it is", async () => {
  const outcome = await run("loginmapd", ["check"], fromRoot);
  expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0);
  expect(outcome.stdout).toContain("postfixadmin");
  expect(outcome.stdout).not.toContain((await readFile("/etc/loginmapd/mysql-password", "utf8")).trim());
});

test("man finds the pages", async () => {
  for (const [part, name] of [
    ["8", "loginmapd"],
    ["5", "loginmapd.yaml"],
  ] as const) {
    expect((await run("man", ["-w", part, name])).stdout, name).toMatch(new RegExp(`/man${part}/`));
  }
});

test("the units are where systemd looks, and enabled", async () => {
  expect(
    (
      await run("systemd-analyze", [
        "verify",
        "--man=yes",
        "loginmapd.service",
        "loginmapd.socket",
        "loginmapd-milter.socket",
      ])
    ).stderr,
  ).not.toMatch(/loginmapd/);
  for (const socketUnit of ["loginmapd.socket", "loginmapd-milter.socket"])
    expect((await stat(`/etc/systemd/system/sockets.target.wants/${socketUnit}`)).isFile()).toBe(true);
  expect((await stat("/etc/systemd/system/multi-user.target.wants/loginmapd.service")).isFile()).toBe(true);
});

test("without its database the packaged daemon serves, answers TEMP and never NOTFOUND, and ends cleanly", async () => {
  const ids = [await idOf("passwd", "loginmapd"), await idOf("group", "loginmapd")].map(String) as [string, string];
  // The demo of the README has the port of the packaged configuration at the same time.
  const admin = await freePort();
  const child = startChild(
    "setpriv",
    [`--reuid=${ids[0]}`, `--regid=${ids[1]}`, "--clear-groups", "--no-new-privs", "loginmapd", "serve"],
    { ...fromRoot, env: { LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}` } },
  );
  try {
    await waitUntil("the packaged daemon to listen", async () => {
      if (!child.isRunning()) throw new Error(child.stderr());
      return (await isListening(socket)) && (await isListening(admin));
    });
    expect({ mode: await modeOf(socket), gid: (await stat(socket)).gid }).toEqual({
      mode: "660",
      gid: await idOf("group", "postfix"),
    });
    expect((await fetch(`http://127.0.0.1:${admin}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).toBe(503);
    expect(await ask("senders alice@example.com")).toMatch(/^\d+:TEMP /);
    child.signal("SIGTERM");
    expect(await within("the packaged daemon to end", child.exited, 20_000)).toEqual({ code: 0, signal: null });
  } finally {
    child.signalGroup("SIGKILL");
  }
});

async function ask(query: string): Promise<string> {
  const client = connect(socket);
  client.write(`${query.length}:${query},`);
  const [reply] = await within("a reply", once(client, "data"));
  client.destroy();
  return String(reply);
}

test("a socket from systemd is taken over", async () => {
  const path = join(directory.path, "activated");
  const config = join(directory.path, "activated.yaml");
  const text = await readFile("/etc/loginmapd/loginmapd.yaml", "utf8");
  await writeFile(config, text.replaceAll(socket, path));
  await chmod(config, 0o640);
  await chown(config, 0, await idOf("group", "loginmapd"));
  const child = startChild("systemd-socket-activate", ["-l", path, "loginmapd", "serve", "-c", config], {
    ...fromRoot,
    env: { LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${await freePort()}` },
  });
  try {
    await waitUntil("the socket", () => isListening(path));
    const client = connect(path);
    client.write("25:senders alice@example.com,");
    const [reply] = await within("a reply", once(client, "data"), 20_000);
    client.destroy();
    expect(String(reply)).toMatch(/^\d+:TEMP /);
    expect(child.stderr()).not.toContain("fits no listener");
  } finally {
    child.signalGroup("SIGTERM");
    await within("the activated daemon to end", child.exited, 20_000).finally(() => child.signalGroup("SIGKILL"));
  }
});

test("installing it again keeps secrets and a changed configuration", async () => {
  const token = await readFile("/etc/loginmapd/admin-token", "utf8");
  const changed = `${await readFile("/etc/loginmapd/loginmapd.yaml", "utf8")}# changed\n`;
  await writeFile("/etc/loginmapd/loginmapd.yaml", changed);
  must(await run("dpkg", ["-i", packageFile], noninteractive, 120_000));
  expect(await readFile("/etc/loginmapd/admin-token", "utf8")).toBe(token);
  expect(await readFile("/etc/loginmapd/loginmapd.yaml", "utf8")).toBe(changed);
  expect(await modeOf("/etc/loginmapd/loginmapd.yaml")).toBe("640");
});

test("removing keeps the configuration, purging leaves nothing", async () => {
  must(await run("dpkg", ["--remove", "loginmapd"], noninteractive, 120_000));
  expect(await readFile("/etc/loginmapd/loginmapd.yaml", "utf8")).toContain("# changed");
  must(await run("dpkg", ["--purge", "loginmapd"], noninteractive, 120_000));
  expect(await pathsOfLoginmapd()).toEqual(before);
  expect((await run("getent", ["passwd", "loginmapd"])).code).not.toBe(0);
  expect((await run("getent", ["group", "loginmapd"])).code).not.toBe(0);
});

// Comes last: where there are no namespaces, it is done on this machine, like everything above.
describe("who follows the README from the package to a refused forged sender", () => {
  let machine: Machine;
  let mariadb: Child;
  const [build, ...steps] = readmeBlocks({ of: "Install on Debian" });

  beforeAll(async () => {
    machine = await openMachine();
    mariadb = await installMailServer(machine);
    await copyFile(packageFile, machine.path(basename(packageFile)));
  }, 300_000);
  afterAll(async () => {
    if (mariadb !== undefined) await stopChild(mariadb);
    await machine?.remove();
  }, 120_000);

  test("builds the package in a checkout", async () => {
    const checkout = await copyCheckout(true);
    try {
      must(await run("bash", ["-e", "-c", build?.text ?? ""], { cwd: checkout.path, env: buildEnvironment }, 280_000));
      const packages = (await readdir(checkout.path)).filter((name) => name.endsWith(".deb"));
      expect(packages).toEqual([basename(packageFile)]);
    } finally {
      await checkout.remove();
    }
  }, 300_000);

  test.each(steps.filter(({ language }) => language === "sh"))("does $text", async ({ text }) => {
    must(await machine.shell(text));
  });

  test.each(steps.filter(({ language }) => language === "console").flatMap(transcriptsOf))(
    "sees what $command prints",
    async ({ command, output }) => {
      expect(command).toMatch(/^swaks /);
      expect((await machine.shell(command)).stdout.trimEnd()).toBe(output);
    },
  );

  test("is shown a forged sender refused and an owner let through", () => {
    const outputs = steps.filter(({ language }) => language === "console").map(({ text }) => text);
    expect(outputs.join("")).toMatch(/\*\* 553 .* not owned by user [\s\S]*<- {2}250 /);
  });

  test("has a daemon that is ready and runs as its own user", async () => {
    expect((await machine.shell("curl -s http://127.0.0.1:9100/readyz")).stdout).toContain('"ready":true');
    expect((await machine.shell("stat -c %U /proc/$(cat loginmapd.pid)")).stdout.trim()).toBe("loginmapd");
  });

  test("can serve the table that Postfix has, as the README says, and gets the same answer", async () => {
    const [serve] = readmeBlocks({ of: "Try it with the table you have" });
    const table = "/etc/postfix/mysql-sender_login_maps.cf";
    await writeFile(machine.path(table), await postfixTable());
    const child = machine.start("bash", "-c", `cd /usr/lib/loginmapd && exec ${serve?.text}`);
    const query = "loginmapd query senders bob@example.com --server inet:127.0.0.1:9000";
    await waitUntil("the daemon that serves the table", async () => (await machine.shell(query)).code === 0);
    expect((await machine.shell(query)).stdout).toBe("bob@example.com\n");
    expect((await machine.shell(`postmap -q bob@example.com mysql:${table}`)).stdout).toBe("bob@example.com\n");
    must(await machine.shell(`loginmapd import ${table}`));
    await stopChild(child);
  });

  async function postfixTable(): Promise<string> {
    const password = (await readFile(machine.path("/etc/loginmapd/mysql-password"), "utf8")).trim();
    const query = "SELECT login FROM addresses WHERE localpart = '%u' AND domain = '%d'";
    return `hosts = unix:/run/mysqld/mysqld.sock\nuser = loginmapd\npassword = ${password}\ndbname = loginmapd\nquery = ${query}\n`;
  }

  test("can use the configuration of the README for a database of PostfixAdmin", async () => {
    const [yaml] = readmeBlocks({ of: "Configure it" });
    await writeFile(machine.path("/etc/loginmapd/loginmapd.yaml"), yaml?.text ?? "");
    must(await machine.shell("loginmapd check"));
  });
});
