/** A mail server that several logins have sent through, whose messages and refusals are known, and its log. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { SmtpSession } from "../wire/smtp.ts";
import { makeDemoDatabase } from "./demo-database.ts";
import { type MailServer, startMailServer } from "./mail-server.ts";
import { type SystemLogs, writeSystemLogs } from "./system-logs.ts";

const users = { "alice@example.com": "pw-alice", "bob@example.com": "pw-bob" };
const restriction = "reject_authenticated_sender_login_mismatch";

/** What the audit reads. */
export interface AuditedMailServer {
  /** The daemon's configuration, with the demo database. */
  readonly config: string;
  /** The log as postlogd writes it. */
  readonly log: string;
  /** The log as others write it. */
  readonly logs: SystemLogs;
  stop(): Promise<void>;
}

/** Starts Postfix, sends every message, and keeps the log in a folder. */
export async function startAuditedMailServer(folder: string): Promise<AuditedMailServer> {
  const config = join(folder, "loginmapd.yaml");
  await writeFile(
    config,
    stringify({
      listeners: [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9000" }],
      maps: { senders: { source: "mail" }, copy: { source: "mail" } },
      sources: {
        mail: { driver: "sqlite", path: await makeDemoDatabase(folder), preset: "native" },
      },
    }),
    { mode: 0o600 },
  );
  const server = await startMailServer({
    users,
    // Nobody owns anything: what a service refuses, or warns of, is all that is not its own.
    mainCf: { smtpd_sender_login_maps: "inline:{alice@example.com=alice@example.com}", smtpd_sasl_auth_enable: "yes" },
    smtpd: () => [
      { name: "open", options: { syslog_name: "postfix/submission" } },
      { name: "warning", options: { smtpd_sender_restrictions: `warn_if_reject ${restriction}` } },
      { name: "closed", options: { smtpd_sender_restrictions: restriction, syslog_name: "mail-out" } },
    ],
  });
  await sendEverything(server);
  const log = await server.postfix.log();
  return { config, log, logs: await writeSystemLogs(folder, log), stop: () => server.stop() };
}

interface Message {
  readonly service: "open" | "warning" | "closed";
  readonly login?: keyof typeof users;
  readonly from: string;
  readonly to?: readonly string[];
  /** The client changes its mind after RCPT. */
  readonly isTakenBack?: true;
}

async function send(
  server: MailServer,
  { service, login, from, to = ["r@y.example"], isTakenBack }: Message,
): Promise<void> {
  const session = await SmtpSession.open(server.postfix.port(service));
  if (login !== undefined) await session.logIn({ login, password: users[login] });
  await session.mailFrom(from);
  const replies = [];
  for (const recipient of to) replies.push(await session.rcptTo(recipient));
  if (isTakenBack) await session.command("RSET");
  else if (replies.some(({ code }) => code === 250)) {
    await session.command("DATA");
    const { code, text } = await session.command(`Subject: x\r\n\r\nsasl_username=boss@example.com\r\n.`);
    if (code !== 250) throw new Error(`${from}: ${code} ${text}`);
  }
  await session.quit();
}

async function sendEverything(server: MailServer): Promise<void> {
  const [alice, bob] = ["alice@example.com", "bob@example.com"] as const;
  const three = ["r@y.example", "s@y.example", "t@y.example"];
  await send(server, { service: "open", login: alice, from: alice });
  await send(server, { service: "open", login: alice, from: "ALICE+tag@Example.com", to: three });
  await send(server, { service: "open", login: alice, from: "bob@example.com", to: three });
  await send(server, { service: "open", login: alice, from: "Bob@Example.com" });
  await send(server, { service: "open", login: alice, from: "bob@example.com", isTakenBack: true });
  await send(server, { service: "open", login: alice, from: '"two words"@example.com' });
  await send(server, { service: "open", login: alice, from: "" });
  await send(server, { service: "open", from: "carol@example.com" });
  await send(server, { service: "warning", login: bob, from: "sales@example.com" });
  await send(server, { service: "warning", login: bob, from: "alice@example.com", to: three });
  await send(server, { service: "closed", login: bob, from: "ceo@nowhere.example", to: three });
  await send(server, { service: "closed", login: bob, from: "ceo@nowhere.example" });
  await server.postfix.logged(/disconnect from .* rcpt=0\/1/);
  // The last one is in the queue, and out of it.
  await server.postfix.logged(/qmgr\[\d+\]: \w+: from=<alice@example\.com>, size=\d+, nrcpt=3/);
}

/** What all of it comes to. */
export const truth = [
  {
    login: "alice@example.com",
    sender: "bob@example.com",
    messages: 2,
    refused: 0,
    warned: 0,
    reason: "owned by bob@example.com",
    allow: "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('example.com', 'bob', 'alice@example.com');",
  },
  {
    login: "bob@example.com",
    sender: "ceo@nowhere.example",
    messages: 0,
    refused: 2,
    warned: 0,
    reason: "nobody owns it: the source has no such domain",
    allow:
      "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('nowhere.example', 'ceo', 'bob@example.com');",
  },
  {
    login: "bob@example.com",
    sender: "alice@example.com",
    messages: 1,
    refused: 0,
    // The second and third recipient come after the message has its id.
    warned: 2,
    reason: "owned by alice@example.com",
    allow: "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('example.com', 'alice', 'bob@example.com');",
  },
  {
    login: "alice@example.com",
    sender: '"two words"@example.com',
    messages: 1,
    refused: 0,
    warned: 0,
    reason: "nobody owns it",
    allow:
      "INSERT INTO send_as_grants (domain, localpart, login) VALUES ('example.com', 'two words', 'alice@example.com');",
  },
];
