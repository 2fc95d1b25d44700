/**
 * Runs the same envelopes against the same Postfix twice: once with its own `mysql:`, `sqlite:` or `ldap:` table, once with loginmapd
 * serving the same file over socketmap.
 */
import http, { Agent } from "node:http";
import { type Daemon, startDaemon } from "./servers/daemon.ts";
import {
  type MailServer,
  type Restriction,
  restrictions,
  smtpdPerRestriction,
  startMailServer,
} from "./servers/mail-server.ts";
import { freePorts } from "./servers/ports.ts";
import { adminToken } from "./servers/stage.ts";
import type { Sender } from "./wire/senders.ts";
import { type SmtpReply, SmtpSession } from "./wire/smtp.ts";

/** A table file of Postfix under test. */
export interface TableCase {
  readonly name: string;
  /** Content of the .cf file. */
  readonly cf: string;
  /** `mysql` unless it says otherwise. */
  readonly type?: "mysql" | "pgsql" | "sqlite" | "ldap";
  /** `recipient_delimiter` on both sides; `+` unless it says otherwise. */
  readonly delimiters?: string;
}

/** What both sides said to one envelope under one restriction. */
export interface Comparison {
  readonly table: string;
  readonly login: string | undefined;
  readonly restriction: Restriction;
  readonly sender: string;
  /** With Postfix's own table: code, enhanced code and text. */
  readonly postfix: string;
  /** With loginmapd. */
  readonly loginmapd: string;
}

/** What `lookup --login` says of one envelope. */
export interface Prediction {
  readonly restriction: Restriction;
  readonly code: number;
  readonly text: string;
}

/** What the smtpd that asks loginmapd said to one envelope. */
export type OurVerdict = Omit<Comparison, "postfix">;

/** The document of `lookup --login --json` and of `GET /v1/lookup`. */
export interface ExplainedLookup {
  readonly verdicts: readonly Prediction[];
}

/** A Postfix with both kinds of tables. */
export interface Duel {
  /** Every envelope under every restriction, on both sides. `login` is `undefined` for clients that do not log in. */
  compare(table: string, senders: readonly Sender[], login: string | undefined): Promise<Comparison[]>;
  /** As `compare`, on the side of loginmapd alone. */
  ours(table: string, senders: readonly Sender[], login: string | undefined): Promise<OurVerdict[]>;
  /** `GET /v1/lookup`: what smtpd will answer, and why. */
  explain(table: string, address: string, login: string | undefined): Promise<ExplainedLookup>;
  /** Its table, as main.cf names it. */
  tableName(table: string): string;
  readonly server: MailServer;
  readonly daemon: Daemon;
  stop(): Promise<void>;
}

/** $mydestination, and the literal of $inet_interfaces, which is as local (resolve_local.c). */
const localDomains = ["local.example", "[127.0.0.1]"];

// Thousands of explanations: `fetch` would take a third of the time of the whole comparison.
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

function get(port: number, path: string): Promise<{ status: number | undefined; body: string }> {
  const headers = { authorization: `Bearer ${adminToken}` };
  return new Promise((resolve, reject) => {
    const request = http.get({ port, path, headers, agent, host: "127.0.0.1" }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
    });
    request.on("error", reject);
  });
}

/** Every user of a duel has it. */
const password = "duel";

/** Starts Dovecot, Postfix and one loginmapd that serves every table under its name. */
export async function startDuel(tables: readonly TableCase[], logins: readonly string[]): Promise<Duel> {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const delimitersOf = (name: string) => byName.get(name)?.delimiters ?? "+";
  const typeOf = (name: string) => byName.get(name)?.type ?? "mysql";
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
          sources: Object.fromEntries(
            [...files].map(([name, file]) => [name, { postfix_cf: `${typeOf(name)}:${file}` }]),
          ),
          maps: Object.fromEntries(
            [...files.keys()].map((name) => [
              name,
              { source: name, recipient_delimiter: delimitersOf(name), local_domains: localDomains },
            ]),
          ),
        },
        listening: [port, adminPort],
      });
      return [...files].flatMap(([name, file]) => {
        const options = { recipient_delimiter: delimitersOf(name) };
        return [
          ...smtpdPerRestriction(`${typeOf(name)}:${file}`, `${name} postfix `, options),
          ...smtpdPerRestriction(`socketmap:inet:127.0.0.1:${port}:${name}`, `${name} loginmapd `, options),
        ];
      });
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
      const envelopes = senders.map(({ address, smtputf8 }) => ({ from: address, smtputf8 }));
      return (await session.verdicts(envelopes)).map(toText);
    } finally {
      await session.quit();
    }
  }

  async function ours(table: string, senders: readonly Sender[], login: string | undefined): Promise<OurVerdict[]> {
    const perRestriction = await Promise.all(
      restrictions.map(async (restriction) => {
        const asked = sendersUnder(restriction, senders, login);
        const said = await verdicts(`${table} loginmapd ${restriction}`, asked, login);
        return asked.map(({ address: sender }, i) => ({
          table,
          login,
          restriction,
          sender,
          loginmapd: said[i] as string,
        }));
      }),
    );
    return perRestriction.flat();
  }

  /** What Postfix's own table says, by restriction, then by sender; of a domain beyond ASCII it is asked by its A-label. */
  async function theirs(table: string, senders: readonly Sender[], login: string | undefined): Promise<string[]> {
    const perRestriction = await Promise.all(
      restrictions.map(async (restriction) => {
        const typed = sendersUnder(restriction, senders, login);
        const asked = typed.map(({ address, withALabel, ...sender }) => ({
          ...sender,
          address: withALabel ?? address,
        }));
        const said = await verdicts(`${table} postfix ${restriction}`, asked, login);
        return said.map((reply, i) => withDomainAsTyped(reply, typed[i] as Sender));
      }),
    );
    return perRestriction.flat();
  }

  return {
    server,
    daemon: started,
    ours,
    tableName: (table) => `${typeOf(table)}:${server.home.etc}/${table}.cf`,
    async compare(table, senders, login) {
      const [mine, postfix] = await Promise.all([ours(table, senders, login), theirs(table, senders, login)]);
      return mine.map((one, i) => ({ ...one, postfix: postfix[i] as string }));
    },
    async explain(table, address, login) {
      // An empty login stands for a client that is not logged in.
      const query = new URLSearchParams({ map: table, address, login: login ?? "" });
      const { status, body } = await get(adminPort, `/v1/lookup?${query}`);
      if (status !== 200) throw new Error(`explaining ${address}: ${body}`);
      return JSON.parse(body) as ExplainedLookup;
    },
    async stop() {
      agent.destroy();
      await server.stop();
      await started.stop();
    },
  };
}

// That smtpd does not look a sender up needs no more of them to be seen.
const unaskedSenders = 20;

/** The senders to try: not all of them where the restriction looks none up (smtpd_check.c), a quarter of all sessions. */
function sendersUnder(restriction: Restriction, senders: readonly Sender[], login: string | undefined) {
  const unasked = `reject_${login === undefined ? "" : "un"}authenticated_sender_login_mismatch`;
  return restriction === unasked ? senders.slice(0, unaskedSenders) : senders;
}

/** smtpd repeats the sender: with the A-label where that is what it was asked. */
function withDomainAsTyped(reply: string, { address, withALabel }: Sender): string {
  const domainOf = (text: string) => text.slice(text.lastIndexOf("@") + 1);
  return withALabel === undefined ? reply : reply.replace(`@${domainOf(withALabel)}>`, `@${domainOf(address)}>`);
}

/** A reply as one line. */
export function toText({ code, enhanced, text }: SmtpReply): string {
  return `${code} ${enhanced} ${text}`;
}
