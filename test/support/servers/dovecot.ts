/** A private Dovecot that does nothing but tell Postfix whether a password is right. */
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { hasProgram, startChild, stopChild } from "./processes.ts";

/** What a test's Dovecot knows. */
export interface DovecotOptions {
  /** Login → password. */
  readonly users: Readonly<Record<string, string>>;
  /** Unix socket where smtpd asks (`smtpd_sasl_path`). */
  readonly authSocket: string;
  /**
   * Completes a login that has no domain. With Dovecot it is this, and not Postfix's smtpd_sasl_local_domain, that
   * decides which name smtpd compares with the owners.
   */
  readonly defaultRealm?: string;
  /** `auth_username_format`: how Dovecot writes the login that it returns; else `%u`, as it was typed. */
  readonly usernameFormat?: string;
  /** `auth_mechanisms`; else `plain login`. */
  readonly mechanisms?: string;
}

/** A running Dovecot. */
export interface Dovecot {
  /** Its configuration, for `doveconf` and whoever asks it (`CONFIG_FILE` in the environment). */
  readonly configFile: string;
  stop(): Promise<void>;
}

/** Logs in over an auth socket as smtpd does (PLAIN). @returns the login as Dovecot writes it: what smtpd compares with owners */
export function loginReturned(authSocket: string, login: string, password: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(authSocket);
    let received = "";
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`no answer: ${received}`)));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString();
      const [, outcome, fields = ""] = /^(OK|FAIL)\t1(.*)$/m.exec(received) ?? [];
      if (outcome === undefined) return;
      const [, user] = /\tuser=([^\t]*)/.exec(fields) ?? [];
      if (outcome === "OK" && user !== undefined) resolve(user);
      else reject(new Error(`${outcome}${fields}`));
      socket.destroy();
    });
    const response = Buffer.from(`\0${login}\0${password}`).toString("base64");
    socket.write(`VERSION\t1\t1\nCPID\t${process.pid}\nAUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=${response}\n`);
  });
}

/** Starts Dovecot and waits until its auth socket greets. Start it before Postfix: a smtpd without it does not come up. */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  if (!hasProgram("dovecot")) throw new Error("dovecot is missing: install the package dovecot-core");
  const directory = await makeDirectory("dovecot");
  const users = Object.entries(options.users).map(([login, password]) => `${login}:{PLAIN}${password}\n`);
  await writeFile(join(directory.path, "users"), users.join(""));
  const file = join(directory.path, "dovecot.conf");
  await writeFile(file, configuration(directory.path, options));
  const child = startChild("dovecot", ["-F", "-c", file]);
  try {
    await waitUntil("Dovecot's auth socket to greet", () => {
      if (!child.isRunning()) throw new Error(`Dovecot ended: ${child.stderr()}`);
      return greets(options.authSocket);
    });
  } catch (error) {
    await stopChild(child);
    await directory.remove();
    throw error;
  }
  return {
    configFile: file,
    async stop() {
      // All its processes at once: an orderly end takes a second, and nothing of it is kept.
      child.signalGroup("SIGKILL");
      await child.exited;
      await directory.remove();
    },
  };
}

function configuration(
  directory: string,
  { authSocket, defaultRealm, usernameFormat = "%u", mechanisms = "plain login" }: DovecotOptions,
): string {
  return `${privatePlaces(directory)}auth_mechanisms = ${mechanisms}
auth_username_format = ${usernameFormat}
${defaultRealm === undefined ? "" : `auth_default_realm = ${defaultRealm}`}
passdb {
  driver = passwd-file
  args = username_format=%u ${directory}/users
}
service auth {
  unix_listener ${authSocket} {
    mode = 0666
  }
}
`;
}

/**
 * What every Dovecot of a test has: places of its own, no protocols, and the user database that the auth service asks for.
 *
 * The penalties are off: from one address, failures would else wait 2, 6, then 10 s.
 */
export function privatePlaces(directory: string): string {
  return `base_dir = ${directory}/run
state_dir = ${directory}/state
log_path = ${directory}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`;
}

function greets(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("error", () => resolve(false));
    socket.on("data", (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString("latin1").startsWith("VERSION\t1"));
    });
  });
}
