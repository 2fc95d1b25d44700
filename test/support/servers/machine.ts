/**
 * A Debian machine to install packages on: this one, but for what happens in it.
 *
 * Where namespaces are permitted, it sees this machine's files through an overlay in memory, and has processes and ports of
 * its own; all of it is gone with its first process. Where they are not (a container without CAP_SYS_ADMIN), it is this
 * machine itself, provided that nothing on it is in use, and what was changed is put back.
 */
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { type Child, type Outcome, run, startChild } from "./processes.ts";

/** A machine with root's rights on it. No systemd runs there; `systemctl restart` does what the unit says. */
export interface Machine {
  /** Runs commands of a shell, the first that fails ends them. */
  shell(commands: string, deadlineMs?: number): Promise<Outcome>;
  /** Starts a program that runs on. */
  start(command: string, ...args: string[]): Child;
  /** Where a file of it lies, seen from here; a relative path is one in the directory where its shell works. */
  path(file: string): string;
  remove(): Promise<void>;
}

interface Place {
  /** What a command is preceded by to run there. */
  readonly prefix: readonly string[];
  readonly root: string;
  leave(): Promise<void>;
}

// Where its shell works, and where the stand-in for systemctl keeps what it started. Services have to get there.
const home = "/var/tmp/loginmapd-machine";
const standIn = fileURLToPath(new URL("systemctl.pl", import.meta.url));

/** Makes a machine on which loginmapd is not installed yet. */
export async function openMachine(): Promise<Machine> {
  const isPermitted = (await run("unshare", [...namespaces, "true"])).code === 0;
  const place = isPermitted ? await enterNamespaces() : await borrowThisMachine();
  const path = (file: string) => join(place.root, resolve(home, file));
  await mkdir(path("bin"), { recursive: true });
  await copyFile(standIn, path("bin/systemctl"));
  await chmod(path("bin/systemctl"), 0o755);
  const { PATH = "" } = process.env;
  const env = {
    PATH: `${home}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATH}`,
    HOME: "/root",
    STAND_IN_DIRECTORY: home,
    DEBIAN_FRONTEND: "noninteractive",
  };
  const inPlace = (command: string, args: readonly string[]) =>
    [...place.prefix, command, ...args] as [string, ...string[]];
  return {
    path,
    async shell(commands, deadlineMs = 120_000) {
      const [program, ...args] = inPlace("bash", ["-e", "-o", "pipefail", "-c", `cd ${home}\n${commands}`]);
      return run(program, args, { env }, deadlineMs);
    },
    start(command, ...args) {
      const [program, ...rest] = inPlace(command, args);
      return startChild(program, rest, { env });
    },
    remove: place.leave,
  };
}

const namespaces = ["--mount", "--pid", "--net", "--fork", "--kill-child"];

// The loopback interface by ioctl(SIOCSIFFLAGS, IFF_UP | IFF_RUNNING): ip(8) is not everywhere.
const settle = `
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
perl -e 'socket my $s, 2, 2, 0 or die $!; my $up = pack "a16 s x22", "lo", 0x41; ioctl $s, 0x8914, $up or die $!'
exec chroot "$1/root" sleep infinity
`;

async function enterNamespaces(): Promise<Place> {
  const directory = await makeDirectory("machine");
  const holder = startChild("unshare", [...namespaces, "sh", "-c", settle, "machine", directory.path]);
  const leave = async () => {
    holder.signalGroup("SIGKILL");
    await holder.exited;
    await directory.remove();
  };
  try {
    const first = await waitUntil("the machine", () => {
      if (!holder.isRunning()) throw new Error(holder.stderr());
      const pid = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim();
      return readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n" ? pid : undefined;
    });
    // What is a mount of its own here (often /tmp and /run) is an empty directory there, or not there at all.
    const root = `/proc/${first}/root`;
    for (const name of ["tmp", "run/mysqld", "var/tmp"]) await mkdir(join(root, name), { recursive: true });
    for (const name of ["tmp", "var/tmp"]) await chmod(join(root, name), 0o1777);
    return {
      prefix: ["nsenter", "--target", first, "--mount", "--pid", "--net", "--root", "--wd"],
      root,
      leave,
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function endWhatTheStandInStarted(): Promise<void> {
  for (const name of (await readdir(home)).filter((file) => file.endsWith(".pid"))) {
    const pid = Number(await readFile(join(home, name), "utf8"));
    // 0: a service that went to the background by itself. The others lead a group of processes.
    if (pid > 0) await run("kill", ["-KILL", "--", `-${pid}`]);
  }
}

const configurations = ["/etc/postfix", "/etc/dovecot"];

async function borrowThisMachine(): Promise<Place> {
  for (const sign of ["/etc/postfix/main.cf", "/run/mysqld/mysqld.sock"]) {
    if (existsSync(sign)) {
      throw new Error(
        `${sign}: this machine is in use. unshare(1) would keep the test off it: run as root with CAP_SYS_ADMIN`,
      );
    }
  }
  const saved = await makeDirectory("saved");
  await run("cp", ["-a", ...configurations, saved.path]);
  const hadSocketDirectory = existsSync("/run/mysqld");
  await mkdir("/run/mysqld", { recursive: true });
  return {
    prefix: [],
    root: "/",
    async leave() {
      await endWhatTheStandInStarted();
      await run("postfix", ["stop"], {}, 60_000);
      await run("dpkg", ["--purge", "loginmapd"], {}, 120_000);
      for (const path of configurations) await rm(path, { recursive: true });
      await run("cp", ["-a", ...configurations.map((path) => join(saved.path, basename(path))), "/etc"]);
      if (!hadSocketDirectory) await rm("/run/mysqld", { recursive: true });
      await rm(home, { recursive: true });
      await saved.remove();
    },
  };
}
