/** The shipped mail server with the built daemon, and configurations beside it in which one mistake is planted for the doctor. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { parse, stringify } from "yaml";
import { makeDirectory, type TestDirectory } from "../directories.ts";
import { type Daemon, loginmapd, projectRoot, startDaemon } from "./daemon.ts";
import { makeDemoDatabase } from "./demo-database.ts";
import { type DoctorLine, writeListener, writePostfixLines } from "./doctor-lines.ts";
import { MistakenDovecots } from "./mistaken-dovecots.ts";
import { freePorts } from "./ports.ts";
import { backdate, makePostfixHome } from "./postfix.ts";
import { splitOnce, withoutParameters } from "./postfix-text.ts";
import { run } from "./processes.ts";
import { type ShippedMailServer, startShippedMailServer } from "./shipped-mail-server.ts";

/** What differs from the shipped pieces. */
export interface Plant {
  /** Lines of main.cf, in place of those of the same parameters. */
  readonly main?: string;
  readonly master?: (text: string) => string;
  readonly yaml?: Readonly<Record<string, unknown>>;
}

/** Finding as `--json` prints it, with its lines joined. */
export interface Found {
  readonly check: string;
  readonly severity: string;
  readonly services: readonly string[];
  readonly lines: readonly string[];
}

/** What the shipped pieces say, and the configuration of the daemon that they fit. */
interface Shipped {
  readonly main: string;
  readonly master: string;
  readonly yaml: Readonly<Record<string, unknown>> & { readonly listeners: readonly { readonly protocol: string }[] };
}

/** The services of the shipped master.cf on which clients can log in. */
export const everyLogin = ["submission", "submissions", "127.0.0.1:10587"];
/** The item of the shipped restrictions that refuses `MAIL FROM:<>`. */
export const refusesNull = "check_sender_access inline:{ {<> = 550 5.7.1 nobody owns the null sender} }";
/** The table of the shipped main.cf. */
export const ourTable = "socketmap:unix:loginmapd/socketmap:senders";
/** The restriction that the doctor recommends. */
export const restriction = "reject_authenticated_sender_login_mismatch";

// Port 25 as Debian has it, and the way back from a content filter.
const otherServices = `smtp inet n - y - - smtpd
127.0.0.1:10025 inet n - n - - smtpd
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
`;

/** Starts the daemon, Postfix with the shipped pieces, and the Dovecots. */
export async function startDoctorStage(): Promise<DoctorStage> {
  const directory = await makeDirectory("doctor");
  const home = await makePostfixHome();
  const socket = join(home.queue, "loginmapd/socketmap");
  await mkdir(join(home.queue, "loginmapd"));
  const [admin, tcp, inet] = (await freePorts(3)) as [number, number, number];
  const yaml = {
    listeners: [
      { protocol: "socketmap", endpoint: `unix:${socket}`, mode: "0660", group: "postfix" },
      { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcp}`, map: "senders" },
      { protocol: "socketmap", endpoint: `inet:127.0.0.1:${inet}` },
      milterIn(home.queue, "milter"),
    ],
    admin: { endpoint: `inet:127.0.0.1:${admin}` },
    maps: { senders: { source: "mail", recipient_delimiter: "+" } },
    sources: { mail: { driver: "sqlite", path: await makeDemoDatabase(directory.path), preset: "native" } },
  };
  const daemon = await startDaemon({ config: yaml, listening: [socket, tcp, inet, admin] });
  const server = await startShippedMailServer(home, { users: { "alice@example.com": "pw-alice" } });
  const dovecots = new MistakenDovecots(home.queue);
  await dovecots.start();
  const main = await readFile(join(home.etc, "main.cf"), "utf8");
  const services = await readFile(join(projectRoot, "deploy/postfix/master.cf"), "utf8");
  const shipped = { main, master: `${services}\n${otherServices}`, yaml };
  return new DoctorStage({ directory, daemon, server, dovecots, ports: { tcp, inet }, shipped });
}

/** The listener that deploy/postfix/main.cf speaks of, at its place in a private queue. */
function milterIn(queue: string, name: string) {
  const endpoint = `unix:${join(queue, "loginmapd", name)}`;
  return { protocol: "milter", endpoint, mode: "0660", group: "postfix", map: "senders", action: "log" };
}

interface Started {
  readonly directory: TestDirectory;
  readonly daemon: Daemon;
  readonly server: ShippedMailServer;
  readonly dovecots: MistakenDovecots;
  readonly ports: { readonly tcp: number; readonly inet: number };
  readonly shipped: Shipped;
}

/** What runs, and what the doctor is asked with. */
export class DoctorStage {
  readonly path: string;
  readonly queue: string;
  readonly daemon: Daemon;
  readonly server: ShippedMailServer;
  readonly ports: Started["ports"];
  readonly shipped: Shipped;
  readonly #directory: TestDirectory;
  readonly #dovecots: MistakenDovecots;
  #planted = 0;

  constructor({ directory, daemon, server, dovecots, ports, shipped }: Started) {
    this.path = directory.path;
    this.queue = server.home.queue;
    this.daemon = daemon;
    this.server = server;
    this.ports = ports;
    this.shipped = shipped;
    this.#directory = directory;
    this.#dovecots = dovecots;
  }

  async stop(): Promise<void> {
    await this.#dovecots.stop();
    await this.server.stop();
    await this.daemon.stop();
    await this.#directory.remove();
  }

  /** A milter listener at a name of its own beside the sockets of the stage. */
  milterAt(name: string) {
    return milterIn(this.queue, name);
  }

  /** Writes both configurations with what differs; gives back how the doctor is called for them. */
  async plant({ main = "", master = (text) => text, yaml = {} }: Plant): Promise<string[]> {
    this.#planted += 1;
    const etc = join(this.path, `etc-${this.#planted}`);
    await mkdir(etc);
    await writeFile(join(etc, "main.cf"), `${withoutParameters(this.shipped.main, main)}\n${main}\n`);
    await writeFile(join(etc, "master.cf"), master(this.shipped.master));
    await backdate(join(etc, "main.cf"), join(etc, "master.cf"));
    const config = join(etc, "loginmapd.yaml");
    await writeFile(config, stringify({ ...this.shipped.yaml, ...yaml }), { mode: 0o600 });
    return ["doctor", "-c", config, "--postfix-config", etc];
  }

  /** Asks the doctor, whose exit status has to be that of what it finds. */
  async diagnose(args: readonly string[]): Promise<Found[]> {
    const outcome = await loginmapd([...args, "--json"]);
    const { findings } = JSON.parse(outcome.stdout) as { findings: (Found & { changes: DoctorLine[] })[] };
    expect(outcome.code).toBe(findings.length === 0 ? 0 : 1);
    return findings.map(({ check, severity, services, changes }) => ({
      check,
      severity,
      services,
      lines: changes.map(({ where, line }) => `${where}: ${line}`),
    }));
  }

  /** Carries out every line that the doctor gave, as it is; a gap (HOST) is filled in. */
  async mend(args: readonly string[], findings: readonly Found[]): Promise<void> {
    const [, , config = "", , etc = ""] = args;
    const lines = findings.flatMap((finding) =>
      finding.lines.map((text): DoctorLine => {
        const [where = "", line = ""] = splitOnce(text, /: /);
        return { where, line: line.replace(/\/etc\/ssl\/\S+/, join(etc, "main.cf")) };
      }),
    );
    for (const { where, line } of await writePostfixLines(etc, lines)) {
      if (where === "shell") expect(await run("sh", ["-ec", line])).toMatchObject({ code: 0 });
      else if (where === "loginmapd.yaml") await editYaml(config, line);
      else if (
        where === "Dovecot" ||
        (await run("dovecot", ["--version"])).stdout.startsWith(where.slice("Dovecot ".length))
      )
        await this.#dovecots.write(line);
      // For the other version of Dovecot, which is not here.
      else if (where.startsWith("Dovecot ")) expect(line).toMatch(/^auth_default_(?:realm|domain) = \S+$/);
      else throw new Error(`nobody knows how to write into ${where}`);
    }
  }

  /** Sees that a mistake is found, alone, and that its lines mend it. `QUEUE` and `INET` stand for this stage's. */
  async findAndMend({ main = "", ...rest }: Plant, found: Found): Promise<void> {
    const lines = found.lines.map((line) => line.replace("QUEUE", this.queue).replace("INET", String(this.ports.inet)));
    const args = await this.plant({ main: main.replaceAll("QUEUE", this.queue), ...rest });
    const findings = await this.diagnose(args);
    expect(findings).toEqual([{ ...found, lines }]);
    await this.mend(args, findings);
    expect(await this.diagnose(args)).toEqual([]);
  }
}

async function editYaml(config: string, line: string): Promise<void> {
  if (line.startsWith("- ")) return writeListener(config, line);
  const document = parse(await readFile(config, "utf8"));
  Object.assign(document.maps.senders, parse(line.replace("maps.senders.", "")));
  await writeFile(config, stringify(document));
}
