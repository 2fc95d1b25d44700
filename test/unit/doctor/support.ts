/** A mail server where all is well, for tests to spoil. */
import { examine } from "../../../src/doctor/examine.ts";
import type { Finding } from "../../../src/doctor/finding.ts";
import type { FileStatus, Observations, Patient, TableAnswer } from "../../../src/doctor/observations.ts";
import { type PostconfOutput, type PostfixConfig, parsePostfix } from "../../../src/doctor/postfix.ts";
import type { ListenerSettings, Settings } from "../../../src/model/settings.ts";

type Values = Readonly<Record<string, string>>;

/** What differs from the server where all is well. */
export interface Spoiled {
  readonly main?: Values;
  /** `name type chroot` of a service → its overrides; in place of those of the healthy server. */
  readonly services?: Readonly<Record<string, Values>>;
  /** Beside them is the milter of the healthy server, unless one of them is a milter. */
  readonly listeners?: readonly Partial<ListenerSettings>[];
  readonly hasNoMilter?: boolean;
  readonly maps?: Settings["maps"];
  readonly files?: Readonly<Record<string, FileStatus>>;
  readonly observations?: Partial<Observations>;
}

export const restriction = "reject_authenticated_sender_login_mismatch";

/** What closes the null sender to clients that are logged in. */
export const nullSender = "check_sender_access inline:{ {<> = 550 5.7.1 nobody owns the null sender} }";

export const queue = "/var/spool/postfix";

/** The socket as our configuration has it. */
export const socket = `${queue}/loginmapd/socketmap`;

const builtIn: Values = {
  compatibility_level: "3.6",
  queue_directory: queue,
  mail_owner: "postfix",
  milter_default_action: "tempfail",
  myhostname: "mx.example.com",
  mydestination: "$myhostname, localhost",
  mynetworks: "127.0.0.0/8",
  recipient_delimiter: "+",
  proxy_read_maps: "$mynetworks $smtpd_sender_login_maps",
  receive_override_options: "",
  smtpd_client_restrictions: "",
  // For every service and out of the way of the lists that the tests spoil.
  smtpd_data_restrictions: nullSender,
  smtpd_delay_reject: "yes",
  smtpd_milters: "",
  smtpd_recipient_restrictions: "",
  smtpd_restriction_classes: "",
  smtpd_sasl_auth_enable: "no",
  smtpd_sasl_local_domain: "",
  smtpd_sasl_mechanism_filter: "!external, static:rest",
  smtpd_sasl_path: "private/auth",
  smtpd_sasl_security_options: "noanonymous",
  smtpd_sasl_tls_security_options: "$smtpd_sasl_security_options",
  smtpd_sasl_type: "dovecot",
  smtpd_sender_login_maps: "socketmap:unix:loginmapd/socketmap:senders",
  smtpd_sender_restrictions: "",
  smtpd_tls_auth_only: "no",
  smtpd_tls_cert_file: "/etc/ssl/mx.pem",
  smtpd_tls_security_level: "may",
};

const healthyServices: Readonly<Record<string, Values>> = {
  "smtp inet y": {},
  "submission inet y": {
    smtpd_sasl_auth_enable: "yes",
    smtpd_tls_security_level: "encrypt",
    smtpd_sender_restrictions: "$mua_sender_restrictions",
  },
};

/** Postfix's configuration, with our milter where clients log in, through the text that postconf prints. */
export function postfixWith(main?: Values, services?: Spoiled["services"]): PostfixConfig {
  return parsePostfix(postfixText(main, services));
}

/** That text. */
export function postfixText(main: Values = {}, services: Spoiled["services"] = healthyServices): PostconfOutput {
  const values = {
    mua_sender_restrictions: `${restriction}, permit_sasl_authenticated, reject`,
    ...builtIn,
    ...main,
  };
  const entries = Object.entries(services).map(([key, own]) => {
    const [name, type, chroot, command = "smtpd"] = key.split(" ") as [string, string, string, string?];
    const takesLogins = /^yes/.test(own["smtpd_sasl_auth_enable"] ?? main["smtpd_sasl_auth_enable"] ?? "");
    const asksMilter = takesLogins && main["smtpd_milters"] === undefined;
    const overrides = { ...(asksMilter && { smtpd_milters: "unix:loginmapd/milter" }), ...own };
    return { line: `${name} ${type} n - ${chroot} - - ${command}`, key: `${name}/${type}`, overrides };
  });
  return {
    parameters: format(values, ""),
    defaults: format(builtIn, ""),
    services: entries.map(({ line }) => `${line}\n`).join(""),
    overrides: entries.map(({ key, overrides }) => format(overrides, `${key}/`)).join(""),
    warnings: [],
  };
}

function format(values: Values, prefix: string): string {
  return Object.entries(values)
    .map(([name, value]) => `${prefix}${name} = ${value}\n`)
    .join("");
}

/** Our milter as the healthy server has it: it looks on. */
export const milter = {
  protocol: "milter",
  endpoint: { kind: "unix", path: `${queue}/loginmapd/milter` },
  map: "senders",
  action: "log",
} as const;

/** A file of root's. */
export function file(kind: "socket" | "other", mode: number, gid = 0): FileStatus {
  return { kind, uid: 0, gid, mode };
}

/** The group of Postfix. */
export const postfixGroup = 105;

export function patientWith(spoiled: Spoiled = {}): Patient {
  const { main, services, listeners = [{}], maps, files, observations, hasNoMilter = false } = spoiled;
  const hasOwn = hasNoMilter || listeners.some(({ protocol }) => protocol === "milter");
  const postfix = postfixWith(main, services);
  const settings = {
    listeners: [...listeners, ...(hasOwn ? [] : [milter])].map((listener) => ({
      protocol: "socketmap",
      endpoint: { kind: "unix", path: socket },
      mode: 0o660,
      group: "postfix",
      map: undefined,
      ...listener,
    })),
    maps: maps ?? { senders: { source: "mail", recipientDelimiter: "+", localDomains: [] } },
  } as unknown as Settings;
  return {
    postfix,
    settings,
    observations: {
      account: { name: "postfix", uid: 102, gids: [postfixGroup] },
      files: new Map(
        Object.entries({
          [queue]: file("other", 0o755),
          [`${queue}/loginmapd`]: file("other", 0o750, postfixGroup),
          [socket]: file("socket", 0o660, postfixGroup),
          [`${queue}/private/auth`]: file("socket", 0o660, postfixGroup),
          [`${queue}/etc/hosts`]: { kind: "absent" },
          [`${queue}/etc/resolv.conf`]: { kind: "absent" },
          ...files,
        } satisfies Record<string, FileStatus>),
      ),
      tables: new Map([[`socketmap unix:${socket} senders`, { kind: "answered" }]]),
      sasl: new Map([[`unix:${queue}/private/auth`, { kind: "mechanisms", names: ["PLAIN", "LOGIN"] }]]),
      accessTables: new Map(),
      nullSenderAnswers: new Map(),
      ...observations,
    },
  };
}

/** What the doctor finds, as `check severity services: lines`. */
export function diagnose(spoiled: Spoiled = {}): string[] {
  return examine(patientWith(spoiled)).map(formatFinding);
}

function formatFinding({ check, severity, services, changes }: Finding): string {
  const lines = changes.map(({ where, line }) => `${where}: ${line}`).join(" | ");
  return `${severity} ${check} [${services.join(" ")}] ${lines}`;
}

/** The table that our socket is to Postfix. */
export const ourTable = "socketmap:unix:loginmapd/socketmap:senders";

/** What submission has of its own on the healthy server. */
export const submission = { smtpd_sasl_auth_enable: "yes", smtpd_sender_restrictions: "$mua_sender_restrictions" };

/** A server whose only service for logins is submission, with overrides. */
export const withSubmission = (overrides: Readonly<Record<string, string>>, chroot = "y"): Spoiled => ({
  services: { [`submission inet ${chroot}`]: { ...submission, ...overrides } },
});

/** What one table said when it was asked. */
export const answer = (table: string, said: TableAnswer): NonNullable<Spoiled["observations"]> => ({
  tables: new Map([[table, said]]),
});

export const refused: TableAnswer = { kind: "unreachable", reason: "connect ECONNREFUSED" };

/** A listener on TCP. */
export const inet = (host: string, port = 9000) => ({ endpoint: { kind: "inet", host, port } }) as const;

/** A map of one source. */
export function mapWith(recipientDelimiter: string, localDomains: readonly string[]) {
  return { sources: ["mail"], combine: "first", recipientDelimiter, localDomains, loginRealm: undefined } as const;
}
