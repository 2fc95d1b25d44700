/**
 * Runs the same envelopes against the same Postfix twice: once with its own `mysql:` table, once with loginmapd serving the
 * same file over socketmap.
 */
import { type Daemon, startDaemon } from "./daemon.ts";
import {
  type MailServer,
  type Restriction,
  restrictions,
  smtpdPerRestriction,
  startMailServer,
} from "./mail-server.ts";
import { freePorts } from "./ports.ts";
import type { Sender } from "./senders.ts";
import { type SmtpReply, SmtpSession } from "./smtp.ts";
import { adminToken } from "./stage.ts";

/** A table file of Postfix under test. */
export interface TableCase {
  readonly name: string;
  /** Content of the .cf file. */
  readonly cf: string;
}

/** What both sides said to one envelope under one restriction. */
export interface Comparison {
  readonly table: string;
  readonly login: string | undefined;
  readonly restriction: Restriction;
  readonly sender: string;
  /** With Postfix's own table: code, enhanced code and text. */
  readonly mysql: string;
  /** With loginmapd. */
  readonly loginmapd: string;
}

/** What `lookup --login` says of one envelope. */
export interface Prediction {
  readonly restriction: Restriction;
  readonly code: number;
  readonly text: string;
}

/** A Postfix with both kinds of tables. */
export interface Duel {
  /** Every envelope under every restriction, on both sides. `login` is `undefined` for clients that do not log in. */
  compare(table: string, senders: readonly Sender[], login: string | undefined): Promise<Comparison[]>;
  /** What the explanation says that smtpd will answer. */
  predict(table: string, address: string, login: string | undefined): Promise<Prediction[]>;
  readonly server: MailServer;
  readonly daemon: Daemon;
  stop(): Promise<void>;
}

/** Every user of a duel has it. */
const password = "duel";

/** Starts Dovecot, Postfix and one loginmapd that serves every table under its name. */
export async function startDuel(tables: readonly TableCase[], logins: readonly string[]): Promise<Duel> {
  let daemon: Daemon | undefined;
  const [port, adminPort] = (await freePorts(2)) as [number, number];
  const server = await startMailServer({
    users: Object.fromEntries(logins.map((login) => [login, password])),
    async smtpd(home) {
      const files = new Map<string, string>();
      for (const { name, cf } of tables) files.set(name, await home.writeTable(`${name}.cf`, cf));
      daemon = await startDaemon({
        config: {
          listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }],
          admin: { endpoint: `inet:127.0.0.1:${adminPort}`, token: adminToken },
          sources: Object.fromEntries([...files].map(([name, file]) => [name, { postfix_cf: file }])),
          maps: Object.fromEntries(
            [...files.keys()].map((name) => [
              name,
              { source: name, recipient_delimiter: "+", local_domains: ["local.example"] },
            ]),
          ),
        },
        listening: [port, adminPort],
      });
      return [...files].flatMap(([name, file]) => [
        ...smtpdPerRestriction(`mysql:${file}`, `${name} mysql `),
        ...smtpdPerRestriction(`socketmap:inet:127.0.0.1:${port}:${name}`, `${name} loginmapd `),
      ]);
    },
  });
  const started = daemon as Daemon;

  async function verdicts(service: string, senders: readonly Sender[], login: string | undefined): Promise<string[]> {
    const session = await SmtpSession.open(server.postfix.port(service));
    try {
      if (login !== undefined) {
        const reply = await session.logIn({ login, password });
        if (reply.code !== 235) throw new Error(`AUTH as ${login}: ${reply.code} ${reply.text}`);
      }
      const replies: string[] = [];
      for (const { address, smtputf8 } of senders) replies.push(toText(await session.verdict(address, { smtputf8 })));
      return replies;
    } finally {
      await session.quit();
    }
  }

  return {
    server,
    daemon: started,
    async compare(table, senders, login) {
      const perRestriction = await Promise.all(
        restrictions.map(async (restriction) => {
          const [mysql, loginmapd] = (await Promise.all([
            verdicts(`${table} mysql ${restriction}`, senders, login),
            verdicts(`${table} loginmapd ${restriction}`, senders, login),
          ])) as [string[], string[]];
          return senders.map(({ address }, i) => ({
            table,
            login,
            restriction,
            sender: address,
            mysql: mysql[i] as string,
            loginmapd: loginmapd[i] as string,
          }));
        }),
      );
      return perRestriction.flat();
    },
    async predict(table, address, login) {
      // An empty login stands for a client that is not logged in.
      const query = new URLSearchParams({ map: table, address, login: login ?? "" });
      const response = await fetch(`http://127.0.0.1:${adminPort}/v1/lookup?${query}`, {
        headers: { authorization: `Bearer ${adminToken}` },
      });
      const body = (await response.json()) as { verdicts: Prediction[] };
      if (response.status !== 200) throw new Error(`explaining ${address}: ${JSON.stringify(body)}`);
      return body.verdicts;
    },
    async stop() {
      await server.stop();
      await started.stop();
    },
  };
}

/** A reply as one line. */
export function toText({ code, enhanced, text }: SmtpReply): string {
  return `${code} ${enhanced} ${text}`;
}
