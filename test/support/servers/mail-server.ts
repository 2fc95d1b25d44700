/** Postfix with Dovecot behind it: a submission server as an administrator runs it. */
import { join } from "node:path";
import { type Dovecot, startDovecot } from "./dovecot.ts";
import {
  makePostfixHome,
  type Parameters,
  type Postfix,
  type PostfixHome,
  type SmtpdService,
  startPostfix,
} from "./postfix.ts";

/** What a test's mail server is made of. */
export interface MailServerOptions {
  /** SASL login → password. */
  readonly users: Readonly<Record<string, string>>;
  /** Dovecot's auth_default_realm. */
  readonly defaultRealm?: string;
  readonly mainCf?: Parameters;
  /** Given the directories, since tables and sockets in them have paths. */
  readonly smtpd: (home: PostfixHome) => readonly SmtpdService[] | Promise<readonly SmtpdService[]>;
}

/** A running mail server. */
export interface MailServer {
  readonly home: PostfixHome;
  readonly postfix: Postfix;
  stop(): Promise<void>;
}

/**
 * Starts Dovecot, then Postfix: with SASL off, Postfix ignores the sender login restrictions, and a smtpd that finds no
 * Dovecot does not come up.
 */
export async function startMailServer(options: MailServerOptions): Promise<MailServer> {
  const home = await makePostfixHome({
    smtpd_sasl_auth_enable: "yes",
    smtpd_sasl_type: "dovecot",
    // Relative to the queue directory, so that it is found inside the chroot as well.
    smtpd_sasl_path: "private/auth",
    ...options.mainCf,
  });
  let dovecot: Dovecot | undefined;
  try {
    const { users, defaultRealm } = options;
    const authSocket = join(home.queue, "private", "auth");
    dovecot = await startDovecot({ users, authSocket, ...(defaultRealm !== undefined && { defaultRealm }) });
    const postfix = await startPostfix(home, await options.smtpd(home));
    const started = dovecot;
    return {
      home,
      postfix,
      async stop() {
        await postfix.stop();
        await started.stop();
        await home.remove();
      },
    };
  } catch (error) {
    await dovecot?.stop();
    await home.remove();
    throw error;
  }
}

/** The four restrictions that ask smtpd_sender_login_maps. */
export const restrictions = [
  "reject_sender_login_mismatch",
  "reject_authenticated_sender_login_mismatch",
  "reject_unauthenticated_sender_login_mismatch",
  "reject_known_sender_login_mismatch",
] as const;

/** One of the four restrictions. */
export type Restriction = (typeof restrictions)[number];

/** A smtpd per restriction, called by it, all asking the same map. */
export function smtpdPerRestriction(map: string, prefix = "", options: Parameters = {}): SmtpdService[] {
  return restrictions.map((restriction) => ({
    name: prefix + restriction,
    options: { smtpd_sender_login_maps: map, smtpd_sender_restrictions: restriction, ...options },
  }));
}
