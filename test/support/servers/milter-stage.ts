/** A submission server whose smtpd asks our milter, with MariaDB behind the daemon: one smtpd for `action: reject`, one for `log`. */

import { SmtpSession } from "../wire/smtp.ts";
import { type MailServer, startMailServer } from "./mail-server.ts";
import { freePorts } from "./ports.ts";
import type { Parameters } from "./postfix.ts";
import { nativeSource, type Stage, startStage } from "./stage.ts";

/** What a test may want otherwise. */
export interface MilterStageOptions {
  /** SQL on top of the rows of the demo database. */
  readonly rows?: string;
  /** SASL login → password. */
  readonly users: Readonly<Record<string, string>>;
  /** What every smtpd has beside the milter. */
  readonly smtpd?: Parameters;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The running servers. */
export interface MilterStage {
  readonly stage: Stage;
  readonly mail: MailServer;
  /** Ports of the milter listeners. */
  readonly ports: { readonly reject: number; readonly log: number; readonly resent: number };
  /** Opens a session at a smtpd and logs in, unless no login is given. */
  session(smtpd: "reject" | "log" | "resent", login?: string): Promise<SmtpSession>;
  stop(): Promise<void>;
}

/** Starts them. */
export async function startMilterStage(options: MilterStageOptions): Promise<MilterStage> {
  const { users, smtpd = {}, rows } = options;
  const [reject, log, resent] = (await freePorts(3)) as [number, number, number];
  const ports = { reject, log, resent };
  const stage = await startStage({
    ...(rows !== undefined && { rows }),
    config: (mariadb) => ({
      listeners: [
        { protocol: "milter", endpoint: `inet:127.0.0.1:${reject}`, map: "senders" },
        { protocol: "milter", endpoint: `inet:127.0.0.1:${log}`, map: "senders", action: "log" },
        { protocol: "milter", endpoint: `inet:127.0.0.1:${resent}`, map: "senders", resent: "allow" },
      ],
      // Not listed: what nobody asked for yet is not in memory.
      sources: {
        mail: { ...nativeSource(mariadb), connect_timeout: "500ms", query_timeout: "1s", listing_interval: "off" },
      },
      ...options.config,
    }),
    listening: [reject, log, resent],
  });
  try {
    const mail = await startMailServer({
      users,
      // As for clients from elsewhere: those of this machine would have their headers completed.
      mainCf: { local_header_rewrite_clients: "" },
      smtpd: () =>
        Object.entries(ports).map(([name, port]) => ({
          name,
          options: { smtpd_milters: `inet:127.0.0.1:${port}`, milter_default_action: "tempfail", ...smtpd },
        })),
    });
    return {
      stage,
      mail,
      ports,
      async session(name, login) {
        const session = await SmtpSession.open(mail.postfix.port(name));
        if (login === undefined) return session;
        const reply = await session.logIn({ login, password: users[login] ?? "" });
        if (reply.code !== 235) throw new Error(`AUTH as ${login}: ${reply.code} ${reply.text}`);
        return session;
      },
      async stop() {
        await mail.stop();
        await stage.stop();
      },
    };
  } catch (error) {
    await stage.stop();
    throw error;
  }
}
