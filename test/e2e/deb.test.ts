/**
 * The Debian package as an administrator meets it: built, installed, run, purged.
 *
 * It is installed on this machine, not in a chroot: that is what maintainer scripts are for. Fails at once where
 * loginmapd is installed already, so that nobody's configuration is purged.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../support/daemon.ts";
import { makeDirectory, type TestDirectory } from "../support/directories.ts";
import { isListening } from "../support/ports.ts";
import { type Outcome, run, startChild } from "../support/processes.ts";
import { waitUntil, within } from "../support/wait.ts";

const socket = "/var/spool/postfix/loginmapd/socketmap";
const aptOptions = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
const noninteractive = { env: { DEBIAN_FRONTEND: "noninteractive" } };
const fromRoot = { cwd: "/" };

let directory: TestDirectory;
let packageFile: string;
let madeNodejs = false;
let before: string[];

beforeAll(async () => {
  if ((await run("dpkg-query", ["-W", "loginmapd"])).code === 0) {
    throw new Error("loginmapd is installed on this machine and would be purged. If it may be: dpkg --purge loginmapd");
  }
  before = await existing();
  directory = await makeDirectory("deb");
  packageFile = await build("first");
  if (!(await hasNodejsPackage())) await installStandInForNodejs();
  must(await run("apt-get", ["install", ...aptOptions, packageFile], noninteractive, 300_000));
}, 600_000);

afterAll(async () => {
  await run("dpkg", ["--purge", "loginmapd"], noninteractive, 120_000);
  if (madeNodejs) await run("dpkg", ["--purge", "nodejs"], noninteractive, 120_000);
  await directory?.remove();
}, 300_000);

async function build(name: string): Promise<string> {
  const target = join(directory.path, name);
  await mkdir(target);
  const env = { SOURCE_DATE_EPOCH: "1767225600", DEB_COMPRESSION: "gzip" };
  must(await run("bash", [join(projectRoot, "scripts/build-deb.sh"), target], { env }, 280_000));
  const [file] = await readdir(target);
  return join(target, file as string);
}

function must(outcome: Outcome): Outcome {
  if (outcome.code !== 0) throw new Error(outcome.stdout + outcome.stderr);
  return outcome;
}

async function hasNodejsPackage(): Promise<boolean> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg-query(1)
  const { code, stdout } = await run("dpkg-query", ["-W", "-f", "${Version}", "nodejs"]);
  return code === 0 && (await run("dpkg", ["--compare-versions", stdout, "ge", "20.19"])).code === 0;
}

// Where Node.js is not from a package, an empty one of that name satisfies the dependency; the program runs with the
// node on the PATH.
async function installStandInForNodejs(): Promise<void> {
  const root = join(directory.path, "nodejs");
  await mkdir(join(root, "DEBIAN"), { recursive: true });
  const version = process.version.slice(1);
  await writeFile(
    join(root, "DEBIAN/control"),
    `Package: nodejs\nVersion: ${version}\nArchitecture: all\nMaintainer: test <test@example.com>\nDescription: stand-in for the node on the PATH\n`,
  );
  const file = join(directory.path, "nodejs.deb");
  must(await run("dpkg-deb", ["--root-owner-group", "--build", root, file]));
  must(await run("dpkg", ["-i", file], noninteractive, 120_000));
  madeNodejs = true;
}

/** Everything on this machine that bears the name. */
async function existing(): Promise<string[]> {
  const { stdout } = await run("find", [
    "/etc",
    "/usr",
    "/var",
    "-xdev",
    "-name",
    "*loginmapd*",
    "-not",
    "-path",
    "/var/tmp/*",
  ]);
  return stdout.split("\n").filter((path) => path !== "");
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);
const idOf = async (kind: "passwd" | "group", name: string) =>
  Number((await run("getent", [kind, name])).stdout.split(":")[2]);

test("the same sources give the same package, byte by byte", async () => {
  const digest = async (file: string) =>
    createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  expect(await digest(await build("second"))).toBe(await digest(packageFile));
}, 300_000);

test("the command is on the PATH and knows its version", async () => {
  const { version } = JSON.parse(await readFile(join(projectRoot, "package.json"), "utf8"));
  const outcome = await run("loginmapd", ["--version"], fromRoot);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain(version);
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
    (await run("systemd-analyze", ["verify", "--man=yes", "loginmapd.service", "loginmapd.socket"])).stderr,
  ).not.toMatch(/loginmapd/);
  expect((await stat("/etc/systemd/system/sockets.target.wants/loginmapd.socket")).isFile()).toBe(true);
  expect((await stat("/etc/systemd/system/multi-user.target.wants/loginmapd.service")).isFile()).toBe(true);
});

test("without its database the packaged daemon serves, answers TEMP and never NOTFOUND, and ends cleanly", async () => {
  const ids = [await idOf("passwd", "loginmapd"), await idOf("group", "loginmapd")].map(String) as [string, string];
  const child = startChild(
    "setpriv",
    [`--reuid=${ids[0]}`, `--regid=${ids[1]}`, "--clear-groups", "--no-new-privs", "loginmapd", "serve"],
    fromRoot,
  );
  try {
    await waitUntil("the packaged daemon to listen", async () => {
      if (!child.isRunning()) throw new Error(child.stderr());
      return (await isListening(socket)) && (await isListening(9100));
    });
    expect({ mode: await modeOf(socket), gid: (await stat(socket)).gid }).toEqual({
      mode: "660",
      gid: await idOf("group", "postfix"),
    });
    expect((await fetch("http://127.0.0.1:9100/healthz")).status).toBe(200);
    expect((await fetch("http://127.0.0.1:9100/readyz")).status).toBe(503);
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
  const child = startChild("systemd-socket-activate", ["-l", path, "loginmapd", "serve", "-c", config], fromRoot);
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
  expect(await existing()).toEqual(before);
  expect((await run("getent", ["passwd", "loginmapd"])).code).not.toBe(0);
  expect((await run("getent", ["group", "loginmapd"])).code).not.toBe(0);
});
