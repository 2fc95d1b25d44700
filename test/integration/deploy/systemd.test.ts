/** The units as systemd's own tools judge them, offline: nothing is started. */
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const units = join(projectRoot, "deploy/systemd");
const systemUnits = "/usr/lib/systemd/system";
// The targets that the units name, and what those name in turn.
const targets = ["basic", "sysinit", "sockets", "multi-user", "shutdown", "network", "nss-lookup"];

let root: TestDirectory;
let unitDirectory: string;

beforeAll(async () => {
  root = await makeDirectory("systemd");
  unitDirectory = join(root.path, systemUnits);
  await mkdir(unitDirectory, { recursive: true });
  for (const name of ["loginmapd.service", "loginmapd.socket", "loginmapd-milter.socket"])
    await copyFile(join(units, name), join(unitDirectory, name));
  for (const name of targets)
    await copyFile(join(systemUnits, `${name}.target`), join(unitDirectory, `${name}.target`));
  // verify asks whether the programs of the unit are there.
  for (const program of ["usr/bin/loginmapd", "bin/kill"]) {
    await mkdir(join(root.path, program, ".."), { recursive: true });
    await writeFile(join(root.path, program), "#!/bin/sh\n");
    await chmod(join(root.path, program), 0o755);
  }
  await mkdir(join(root.path, "etc"), { recursive: true });
  await writeFile(join(root.path, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
  await writeFile(join(root.path, "etc/group"), "root:x:0:\npostfix:x:777:\n");
});
afterAll(() => root.remove());

function verify(...names: string[]) {
  return run("systemd-analyze", ["verify", `--root=${root.path}`, "--man=no", ...names]);
}

test("systemd finds nothing to say against the units", async () => {
  expect(await verify("loginmapd.service", "loginmapd.socket", "loginmapd-milter.socket")).toMatchObject({
    code: 0,
    stderr: "",
  });
});

test("a misspelt key of a unit would have been found", async () => {
  const text = await readFile(join(units, "loginmapd.service"), "utf8");
  await writeFile(join(unitDirectory, "misspelt.service"), text.replace("ProtectHome=", "ProtectHomes="));
  expect((await verify("misspelt.service")).stderr).toContain("Unknown key 'ProtectHomes'");
});

test("the service is exposed by 1.5 of 10 at most", async () => {
  const outcome = await run("systemd-analyze", [
    "security",
    "--offline=yes",
    "--threshold=15",
    `--root=${root.path}`,
    "--no-pager",
    "loginmapd.service",
  ]);
  expect(outcome.code, outcome.stdout).toBe(0);
  const level = /Overall exposure level for loginmapd\.service: ([\d.]+)/.exec(outcome.stdout)?.[1];
  expect(Number(level)).toBeLessThanOrEqual(1.5);
});

test("the service may make memory executable, since V8 compiles into it", async () => {
  expect(await readFile(join(units, "loginmapd.service"), "utf8")).not.toMatch(/^MemoryDenyWriteExecute=/m);
});

test("sysusers and tmpfiles give the daemon an account and a directory that hands its group to the sockets in it", async () => {
  const sysusers = await run("systemd-sysusers", [`--root=${root.path}`, join(units, "loginmapd.sysusers")]);
  expect(sysusers.code, sysusers.stderr).toBe(0);
  const account = (await readFile(join(root.path, "etc/passwd"), "utf8"))
    .split("\n")
    .find((line) => line.startsWith("loginmapd:"));
  const [, , uid, , , home, shell] = account?.split(":") ?? [];
  expect({ home, shell }).toEqual({ home: "/var/lib/loginmapd", shell: "/usr/sbin/nologin" });

  const tmpfiles = await run("systemd-tmpfiles", [
    `--root=${root.path}`,
    "--create",
    join(units, "loginmapd.tmpfiles"),
  ]);
  expect(tmpfiles.code, tmpfiles.stderr).toBe(0);
  const directory = await stat(join(root.path, "var/spool/postfix/loginmapd"));
  expect({ mode: (directory.mode & 0o7777).toString(8), uid: directory.uid, gid: directory.gid }).toEqual({
    mode: "2750",
    uid: Number(uid),
    gid: 777,
  });
});

test("where Postfix is not installed yet, its group and its queue directory are made as it would make them", async () => {
  const bare = await makeDirectory("without-postfix");
  try {
    await mkdir(join(bare.path, "etc"));
    await writeFile(join(bare.path, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
    await writeFile(join(bare.path, "etc/group"), "root:x:0:\n");
    expect((await run("systemd-sysusers", [`--root=${bare.path}`, join(units, "loginmapd.sysusers")])).code).toBe(0);
    const groups = await readFile(join(bare.path, "etc/group"), "utf8");
    const gid = Number(/^postfix:x:(\d+):/m.exec(groups)?.[1]);
    const tmpfiles = join(units, "loginmapd.tmpfiles");
    expect((await run("systemd-tmpfiles", [`--root=${bare.path}`, "--create", tmpfiles])).code).toBe(0);
    const queue = await stat(join(bare.path, "var/spool/postfix"));
    expect({ mode: queue.mode & 0o7777, uid: queue.uid, gid: queue.gid }).toEqual({ mode: 0o755, uid: 0, gid: 0 });
    expect((await stat(join(bare.path, "var/spool/postfix/loginmapd"))).gid).toBe(gid);
  } finally {
    await bare.remove();
  }
});

test("after a failure the service is started again however often, and its socket never gives up", async () => {
  const service = await readFile(join(units, "loginmapd.service"), "utf8");
  expect(service).toMatch(/^Restart=on-failure\nRestartSec=2s$/m);
  expect(service).toMatch(/^StartLimitIntervalSec=0$/m);
  // With this a wrong configuration would end the pauses: every lookup at the socket would start the daemon at once.
  expect(service).not.toMatch(/^RestartPreventExitStatus=/m);
});

test("a restart of the socket restarts the service, since systemd refuses one without the other", async () => {
  expect(await readFile(join(units, "loginmapd.service"), "utf8")).toMatch(/^PartOf=loginmapd\.socket$/m);
});

test.each(["loginmapd.service", "loginmapd.socket", "loginmapd-milter.socket"])(
  "%s comes before Postfix and its instance",
  async (name) => {
    expect(await readFile(join(units, name), "utf8")).toMatch(/^Before=postfix\.service postfix@-\.service$/m);
  },
);

test("a secret that is not there does not keep the service from starting", async () => {
  const service = await readFile(join(units, "loginmapd.service"), "utf8");
  const names = (key: string) => [...service.matchAll(new RegExp(`^${key}=([^:]+):`, "gm"))].map(([, name]) => name);
  expect(names("LoadCredential")).toEqual(["admin-token", "mysql-password"]);
  expect(names("SetCredential")).toEqual(names("LoadCredential"));
});

test("the socket unit listens where Postfix's shipped main.cf asks, below the queue directory", async () => {
  const socket = await readFile(join(units, "loginmapd.socket"), "utf8");
  const mainCf = await readFile(join(projectRoot, "deploy/postfix/main.cf"), "utf8");
  expect(/^ListenStream=(.+)$/m.exec(socket)?.[1]).toBe("/var/spool/postfix/loginmapd/socketmap");
  expect(/^smtpd_sender_login_maps = (.+)$/m.exec(mainCf)?.[1]).toBe("socketmap:unix:loginmapd/socketmap:senders");
});

test("the milter's socket unit hands its socket to the same service, below the queue directory", async () => {
  const socket = await readFile(join(units, "loginmapd-milter.socket"), "utf8");
  expect(/^ListenStream=(.+)$/m.exec(socket)?.[1]).toBe("/var/spool/postfix/loginmapd/milter");
  expect(/^Service=(.+)$/m.exec(socket)?.[1]).toBe("loginmapd.service");
});

test("the milter is there from the start, and can neither refuse a message nor hold one up", async () => {
  const packaged = parse(await readFile(join(projectRoot, "deploy/debian/loginmapd.yaml"), "utf8"));
  expect(packaged.listeners).toContainEqual({
    protocol: "milter",
    endpoint: "unix:/var/spool/postfix/loginmapd/milter",
    mode: "0660",
    group: "postfix",
    map: "senders",
    action: "log",
  });
  const mainCf = await readFile(join(projectRoot, "deploy/postfix/main.cf"), "utf8");
  expect(mainCf).toMatch(/^submission_milters = unix:loginmapd\/milter$/m);
  expect(mainCf).toMatch(/^submission_milter_default_action = accept$/m);
});

test("what Node compiled is kept where systemd gives the service a place for it", async () => {
  expect(await readFile(join(units, "loginmapd.service"), "utf8")).toMatch(/^CacheDirectory=loginmapd$/m);
});
