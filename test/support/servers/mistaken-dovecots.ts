/** The Dovecots that the doctor's lines for Dovecot are tried in: each starts as its line says. */
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { waitUntil } from "../wait.ts";
import { type Dovecot, startDovecot } from "./dovecot.ts";

/** Begins with one that offers no LOGIN, at `private/auth-plain` of a Postfix queue. */
export class MistakenDovecots {
  readonly #queue: string;
  readonly #started: Dovecot[] = [];
  #plain: Dovecot | undefined;

  constructor(queue: string) {
    this.#queue = queue;
  }

  async start(mechanisms = "plain"): Promise<void> {
    await this.#plain?.stop();
    const authSocket = join(this.#queue, "private/auth-plain");
    this.#plain = await startDovecot({ users: {}, authSocket, mechanisms });
  }

  /** Writes a line into the configuration of the Dovecot that it is for, and sees that it does what the doctor says. */
  async write(line: string): Promise<void> {
    const [, mechanisms] = /^auth_mechanisms = (.*)$/.exec(line) ?? [];
    const [, authSocket] = /unix_listener (\S+) /.exec(line) ?? [];
    if (mechanisms !== undefined) await this.start(mechanisms);
    else if (authSocket !== undefined) this.#started.push(await startDovecot({ users: {}, authSocket }));
    else {
      const [, defaultRealm = "missing"] = /^auth_default_(?:realm|domain) = (\S+)$/.exec(line) ?? [];
      const users = { [`alice@${defaultRealm}`]: "pw-alice" };
      const [bare, completed] = [join(this.#queue, "private/auth-bare"), join(this.#queue, "private/auth-realm")];
      this.#started.push(await startDovecot({ users, authSocket: bare }));
      expect(await loginBy(bare, "alice", "pw-alice")).toMatch(/^FAIL\t/);
      this.#started.push(await startDovecot({ users, authSocket: completed, defaultRealm }));
      expect(await loginBy(completed, "alice", "pw-alice")).toMatch(`user=alice@${defaultRealm}`);
    }
  }

  async stop(): Promise<void> {
    for (const started of this.#started) await started.stop();
    await this.#plain?.stop();
  }
}

/** What Dovecot says to a password, as smtpd asks (auth-client protocol 1.1). */
async function loginBy(path: string, login: string, password: string): Promise<string> {
  const resp = Buffer.from(`\0${login}\0${password}`).toString("base64");
  const client = connect(path);
  client.write(`VERSION\t1\t1\nCPID\t${process.pid}\nAUTH\t1\tPLAIN\tservice=smtp\tresp=${resp}\n`);
  let said = "";
  client.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const verdict = await waitUntil("Dovecot's verdict", () => /^(?:OK|FAIL)\t.*(?=\n)/m.exec(said)?.[0]);
  client.destroy();
  return verdict;
}
