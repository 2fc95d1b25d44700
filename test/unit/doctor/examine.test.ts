import { describe, expect, test } from "vitest";
import type { TableAnswer } from "../../../src/doctor/observations.ts";
import { diagnose, file, queue, restriction, type Spoiled, socket } from "./support.ts";

const ours = "socketmap:unix:loginmapd/socketmap:senders";
const submission = { smtpd_sasl_auth_enable: "yes", smtpd_sender_restrictions: "$mua_sender_restrictions" };
const withSubmission = (overrides: Readonly<Record<string, string>>, chroot = "y"): Spoiled => ({
  services: { [`submission inet ${chroot}`]: { ...submission, ...overrides } },
});
const answer = (table: string, said: TableAnswer): NonNullable<Spoiled["observations"]> => ({
  tables: new Map([[table, said]]),
});
const refused: TableAnswer = { kind: "unreachable", reason: "connect ECONNREFUSED" };
const inet = (host: string, port = 9000) => ({ endpoint: { kind: "inet", host, port } }) as const;

function mapWith(recipientDelimiter: string, localDomains: readonly string[]) {
  return { sources: ["mail"], combine: "first", recipientDelimiter, localDomains, loginRealm: undefined } as const;
}

describe("nothing is found", () => {
  test.each<[string, Spoiled]>([
    ["when all is well", {}],
    ["in a list of main.cf that port 25 ignores", { main: { smtpd_sender_restrictions: restriction } }],
    [
      "on port 25 with a list for submission",
      { main: { smtpd_sender_restrictions: "reject_sender_login_mismatch, permit_mynetworks" } },
    ],
    [
      "on the way back from a content filter",
      {
        main: { smtpd_sasl_auth_enable: "yes", smtpd_sender_restrictions: restriction },
        services: { "smtp inet y": {}, "127.0.0.1:10025 inet n": { smtpd_sender_restrictions: "" } },
      },
    ],
    [
      "when another list has the restriction first",
      withSubmission({
        smtpd_sender_restrictions: `permit_sasl_authenticated, ${restriction}`,
        smtpd_recipient_restrictions: `${restriction}, permit_sasl_authenticated, reject`,
      }),
    ],
    [
      "when a table may name the restriction",
      withSubmission({
        smtpd_restriction_classes: "own",
        own: restriction,
        smtpd_sender_restrictions: "check_client_access hash:/x",
      }),
    ],
    [
      "when an absolute path leads to a socket in the chroot",
      {
        main: { smtpd_sender_login_maps: "socketmap:unix:/loginmapd/socketmap:senders" },
        services: { "submission inet y": submission },
      },
    ],
    [
      "at a name, when the chroot has the files of a resolver",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:localhost:9000:senders" },
        listeners: [inet("127.0.0.1")],
        files: { [`${queue}/etc/hosts`]: file("other", 0o644) },
      },
    ],
    [
      "at a daemon elsewhere that answers",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:192.0.2.1:9000:other" },
        observations: answer("socketmap inet:192.0.2.1:9000 other", { kind: "answered" }),
      },
    ],
    [
      "at a daemon elsewhere that was not asked",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:192.0.2.1:9000:other" },
        observations: { tables: new Map() },
      },
    ],
    ["behind proxy:", { main: { smtpd_sender_login_maps: `proxy:socketmap:unix:${socket}:senders` } }],
    [
      "with local domains alike, the machine's own names apart",
      {
        main: { mydestination: "example.com, localhost, localhost.example.com" },
        maps: { senders: mapWith("+", ["example.com"]) },
      },
    ],
    [
      "with local domains that a table of mydestination may hold",
      {
        main: { mydestination: "hash:/etc/domains" },
        maps: { senders: mapWith("+", ["example.com"]) },
      },
    ],
    ["about mechanisms with Cyrus", { main: { smtpd_sasl_type: "cyrus", smtpd_sasl_local_domain: "example.com" } }],
    [
      "under implicit TLS",
      withSubmission({ smtpd_tls_security_level: "none", smtpd_tls_wrappermode: "yes", smtpd_tls_auth_only: "yes" }),
    ],
    [
      "with noplaintext for sessions in the clear",
      { main: { smtpd_sasl_security_options: "noplaintext", smtpd_sasl_tls_security_options: "noanonymous" } },
    ],
    ["with a mechanism filter of a table", { main: { smtpd_sasl_mechanism_filter: "plain, hash:/x" } }],
  ])("%s", (_, spoiled) => {
    expect(diagnose(spoiled)).toEqual([]);
  });
});

describe("restrictions", () => {
  test.each<[string, Spoiled, string]>([
    [
      "port 25 with AUTH needs one too",
      { services: { "smtp inet y": { smtpd_sasl_auth_enable: "yes" } } },
      `critical restriction-missing [smtp] main.cf: smtpd_sender_restrictions = ${restriction}`,
    ],
    [
      "permit before it",
      withSubmission({ smtpd_sender_restrictions: `permit_mynetworks, permit, ${restriction}` }),
      `critical restriction-after-permit [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction},permit_mynetworks,permit`,
    ],
    [
      "permit_auth_destination before it",
      withSubmission({ smtpd_sender_restrictions: `permit_auth_destination, ${restriction}` }),
      `warning restriction-after-permit [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction},permit_auth_destination`,
    ],
    [
      "warn_if_reject before it",
      withSubmission({ smtpd_sender_restrictions: `warn_if_reject, ${restriction}, permit` }),
      `critical restriction-warns-only [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction},permit`,
    ],
    [
      "before the sender is known",
      withSubmission({
        smtpd_delay_reject: "no",
        smtpd_helo_restrictions: restriction,
        smtpd_sender_restrictions: "permit",
      }),
      `critical restriction-too-early [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction},permit`,
    ],
    [
      "the unauthenticated variant alone",
      withSubmission({ smtpd_sender_restrictions: "reject_unauthenticated_sender_login_mismatch" }),
      `critical restriction-missing [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction},reject_unauthenticated_sender_login_mismatch`,
    ],
    [
      "nobody can log in anywhere",
      {
        services: { "submission inet y": { smtpd_milters: "unix:loginmapd/milter" } },
        main: { smtpd_sender_restrictions: restriction },
      },
      "critical sasl-off [submission] main.cf: smtpd_sasl_auth_enable = yes",
    ],
    [
      "the unauthenticated variant on port 25 with AUTH",
      {
        services: {
          "smtp pass y": {
            smtpd_sasl_auth_enable: "yes",
            smtpd_sender_restrictions: "reject_known_sender_login_mismatch",
          },
        },
      },
      `error outside-mail [smtp] master.cf, smtp pass: -o smtpd_sender_restrictions=${restriction}`,
    ],
    [
      "the unauthenticated variant on port 25 without AUTH",
      {
        main: { smtpd_sender_restrictions: "reject_unauthenticated_sender_login_mismatch" },
        services: { "smtp inet y": {}, "submission inet y": submission },
      },
      `notice outside-mail [smtp] main.cf: smtpd_sender_restrictions = ${restriction}`,
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled)).toEqual([finding]);
  });
});

describe("the map", () => {
  test.each<[string, Spoiled, string[]]>([
    [
      "not set anywhere, and no restriction either",
      { main: { smtpd_sender_login_maps: "", mua_sender_restrictions: "" } },
      [
        `critical map-not-set [submission] main.cf: smtpd_sender_login_maps = ${ours}`,
        `critical restriction-missing [submission] main.cf: mua_sender_restrictions = ${restriction}`,
      ],
    ],
    [
      "not set, where reject_known lets everybody pass",
      { main: { smtpd_sender_login_maps: "", mua_sender_restrictions: "reject_known_sender_login_mismatch" } },
      [`critical map-not-set [submission] main.cf: smtpd_sender_login_maps = ${ours}`],
    ],
    [
      "not set for one service of two",
      {
        services: {
          "submission inet y": submission,
          "submissions inet y": { ...submission, smtpd_sender_login_maps: "" },
        },
      },
      [`error map-not-set [submissions] master.cf, submissions inet: -o smtpd_sender_login_maps=${ours}`],
    ],
    [
      "another table in place of ours",
      { main: { smtpd_sender_login_maps: "hash:/etc/x" } },
      [`warning map-elsewhere [submission] main.cf: smtpd_sender_login_maps = ${ours}`],
    ],
    [
      "a proxy: table that one service has for itself",
      withSubmission({ smtpd_sender_login_maps: "proxy:tcp:127.0.0.1:9001" }),
      ["error proxy-not-approved [submission] main.cf: smtpd_sender_login_maps = proxy:tcp:127.0.0.1:9001"],
    ],
    [
      "tcp without a port",
      { main: { smtpd_sender_login_maps: "tcp:127.0.0.1" } },
      [`error map-malformed [submission] main.cf: smtpd_sender_login_maps = ${ours}`],
    ],
    [
      "an own table behind proxy: with a list that does not name it",
      {
        main: { proxy_read_maps: "hash:/x" },
        services: {
          "submission inet y": { ...submission, smtpd_sender_login_maps: `proxy:socketmap:unix:${socket}:senders` },
          "proxymap unix n proxymap": {},
        },
      },
      [
        `error proxy-not-approved [submission] main.cf: proxy_read_maps = hash:/x proxy:socketmap:unix:${socket}:senders`,
      ],
    ],
  ])("%s", (_, spoiled, findings) => {
    expect(diagnose(spoiled)).toEqual(findings);
  });
});

describe("the way to the daemon", () => {
  const elsewhere = "/run/loginmapd/socketmap";
  const outside = { endpoint: { kind: "unix", path: elsewhere } } as const;

  test.each<[string, Spoiled, string]>([
    [
      "a socket outside of the chroot has to move",
      { main: { smtpd_sender_login_maps: `socketmap:unix:${elsewhere}:senders` }, listeners: [outside] },
      `error chroot-path [submission] main.cf: smtpd_sender_login_maps = ${ours} | loginmapd.yaml: - { protocol: socketmap, endpoint: "unix:${socket}", mode: "0660", group: postfix }`,
    ],
    [
      "a socket outside of the chroot, when there is another listener",
      {
        main: { smtpd_sender_login_maps: `socketmap:unix:${elsewhere}:senders` },
        listeners: [outside, inet("127.0.0.1")],
      },
      "error chroot-path [submission] main.cf: smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
    ],
    [
      "an absolute path below the queue directory, in a chroot",
      { main: { smtpd_sender_login_maps: `socketmap:unix:${socket}:senders` } },
      `error chroot-path [submission] main.cf: smtpd_sender_login_maps = ${ours}`,
    ],
    [
      "localhost in a chroot",
      { main: { smtpd_sender_login_maps: "socketmap:inet:localhost:9000:senders" }, listeners: [inet("127.0.0.1")] },
      "error chroot-name [submission] main.cf: smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders",
    ],
    [
      "a host name in a chroot",
      { main: { smtpd_sender_login_maps: "tcp:maps.example:9001" }, listeners: [inet("127.0.0.1")] },
      `error chroot-name [submission] shell: mkdir -p ${queue}/etc && cp /etc/hosts /etc/resolv.conf ${queue}/etc/`,
    ],
    [
      "a socket that only its group may use",
      { files: { [socket]: file("socket", 0o660) } },
      `error socket-permission [submission] loginmapd.yaml: - { protocol: socketmap, endpoint: "unix:${socket}", mode: "0660", group: postfix }`,
    ],
    [
      "a closed directory outside of a chroot",
      {
        ...withSubmission({ smtpd_sender_login_maps: `socketmap:unix:${elsewhere}:senders` }, "n"),
        listeners: [outside],
        files: { "/run/loginmapd": file("other", 0o700), [elsewhere]: file("socket", 0o666) },
      },
      "error socket-permission [submission] shell: chgrp postfix /run/loginmapd && chmod g+x /run/loginmapd",
    ],
    [
      "a daemon that does not run",
      { observations: answer(`socketmap unix:${socket} senders`, refused) },
      "error daemon-silent [submission] shell: systemctl start loginmapd.socket loginmapd",
    ],
    [
      "a daemon whose source is down",
      { observations: answer(`socketmap unix:${socket} senders`, { kind: "failing", reason: "source down" }) },
      "error daemon-failing [submission] shell: loginmapd check --connect",
    ],
    [
      "a daemon that refuses the map, though the configuration has it",
      { observations: answer(`socketmap unix:${socket} senders`, { kind: "refused", reason: "unknown map" }) },
      `error map-unknown [submission] main.cf: smtpd_sender_login_maps = ${ours}`,
    ],
    [
      "a daemon elsewhere that refuses the map",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:192.0.2.1:9000:typo" },
        observations: answer("socketmap inet:192.0.2.1:9000 typo", { kind: "refused", reason: "unknown map" }),
      },
      `error map-unknown [submission] main.cf: smtpd_sender_login_maps = ${ours}`,
    ],
    [
      "no listener",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:127.0.0.1:9009:senders" },
        observations: answer("socketmap inet:127.0.0.1:9009 senders", refused),
      },
      `error listener-missing [submission] main.cf: smtpd_sender_login_maps = ${ours}`,
    ],
    [
      "another protocol",
      {
        main: { smtpd_sender_login_maps: "socketmap:inet:127.0.0.1:9001:senders" },
        listeners: [{ ...inet("127.0.0.1", 9001), protocol: "tcp_table", map: "senders" }],
      },
      "error protocol [submission] main.cf: smtpd_sender_login_maps = tcp:127.0.0.1:9001",
    ],
    [
      "an unknown map, while the daemon does not run",
      {
        main: { smtpd_sender_login_maps: "socketmap:unix:loginmapd/socketmap:typo" },
        observations: answer(`socketmap unix:${socket} typo`, refused),
      },
      `error map-unknown [submission] main.cf: smtpd_sender_login_maps = ${ours}`,
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled)).toEqual([finding]);
  });
});

describe("logins", () => {
  const auth = `unix:${queue}/private/auth`;
  const line = (path: string) =>
    `Dovecot: service auth { unix_listener ${path} { mode = 0660 user = postfix group = postfix } }`;

  test.each<[string, Spoiled, string]>([
    [
      "AUTH under TLS only, without TLS",
      withSubmission({ smtpd_tls_security_level: "none", smtpd_tls_auth_only: "yes" }),
      "error auth-hidden [submission] master.cf, submission inet: -o smtpd_tls_security_level=may",
    ],
    [
      "smtpd_enforce_tls without a certificate",
      {
        ...withSubmission({ smtpd_tls_security_level: "", smtpd_enforce_tls: "yes" }),
        main: { smtpd_tls_cert_file: "" },
      },
      "error auth-hidden [submission] main.cf: smtpd_tls_cert_file = /etc/ssl/certs/HOST.pem | main.cf: smtpd_tls_key_file = /etc/ssl/private/HOST.key",
    ],
    [
      "a path of Dovecot's socket that the chroot does not have",
      {
        main: { smtpd_sasl_path: "/run/dovecot/auth" },
        files: { [`${queue}/run/dovecot/auth`]: { kind: "absent" } },
      },
      `error sasl-chroot [submission] main.cf: smtpd_sasl_path = private/auth | ${line(`${queue}/private/auth`)}`,
    ],
    [
      "an absolute path of Dovecot's socket in a chroot",
      {
        main: { smtpd_sasl_path: `${queue}/private/auth` },
        files: { [`${queue}${queue}/private/auth`]: { kind: "absent" } },
      },
      "error sasl-chroot [submission] main.cf: smtpd_sasl_path = private/auth",
    ],
    [
      "Dovecot's socket is closed to Postfix",
      { files: { [`${queue}/private/auth`]: file("socket", 0o600) } },
      `error sasl-permission [submission] ${line(`${queue}/private/auth`)}`,
    ],
    [
      "a closed directory before Dovecot's socket, outside of a chroot",
      { ...withSubmission({ smtpd_sasl_path: "/run/auth/s" }, "n"), files: { "/run/auth": file("other", 0o700) } },
      `error sasl-permission [submission] ${line("/run/auth/s")}`,
    ],
    [
      "Dovecot is down",
      { observations: { sasl: new Map([[auth, { kind: "unreachable", reason: "ECONNREFUSED" }]]) } },
      `error sasl-silent [submission] ${line(`${queue}/private/auth`)}`,
    ],
    [
      "Dovecot is down on another machine",
      {
        main: { smtpd_sasl_path: "inet:192.0.2.1:12345" },
        observations: { sasl: new Map([["inet:192.0.2.1:12345", { kind: "unreachable", reason: "ETIMEDOUT" }]]) },
      },
      "error sasl-silent [submission] main.cf: smtpd_sasl_path = private/auth",
    ],
    [
      "Dovecot has no LOGIN",
      { observations: { sasl: new Map([[auth, { kind: "mechanisms", names: ["PLAIN", "CRAM-MD5"] }]]) } },
      "warning login-mechanism [submission] Dovecot: auth_mechanisms = plain cram-md5 login",
    ],
    [
      "a filter that takes LOGIN out",
      { main: { smtpd_sasl_mechanism_filter: "!login, static:rest" } },
      "warning login-mechanism [submission] main.cf: smtpd_sasl_mechanism_filter = static:rest",
    ],
    [
      "a filter that does not take LOGIN in",
      { main: { smtpd_sasl_mechanism_filter: "plain" } },
      "warning login-mechanism [submission] main.cf: smtpd_sasl_mechanism_filter = plain, login",
    ],
    [
      "noplaintext under TLS",
      { main: { smtpd_sasl_tls_security_options: "noplaintext, noanonymous" } },
      "warning login-mechanism [submission] main.cf: smtpd_sasl_tls_security_options = noanonymous",
    ],
    [
      "noplaintext without TLS, the old way to say so",
      withSubmission({ smtpd_tls_security_level: "", smtpd_sasl_security_options: "noplaintext" }),
      "warning login-mechanism [submission] master.cf, submission inet: -o smtpd_sasl_security_options=",
    ],
    [
      "Postfix's own realm with Dovecot",
      { main: { smtpd_sasl_local_domain: "$myhostname" } },
      "notice sasl-local-domain [submission] main.cf: smtpd_sasl_local_domain = | Dovecot 2.3: auth_default_realm = mx.example.com | Dovecot 2.4: auth_default_domain = mx.example.com",
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled)).toEqual([finding]);
  });
});

describe("addresses", () => {
  const maps = (recipientDelimiter: string, localDomains: string[]): NonNullable<Spoiled["maps"]> => ({
    senders: mapWith(recipientDelimiter, localDomains),
  });

  test.each<[string, Spoiled, string]>([
    [
      "a delimiter that only Postfix has",
      { main: { recipient_delimiter: "+-" } },
      'warning recipient-delimiter [] loginmapd.yaml: maps.senders.recipient_delimiter: "+-"',
    ],
    [
      "a delimiter that only we have",
      { main: { recipient_delimiter: "" } },
      'warning recipient-delimiter [] loginmapd.yaml: maps.senders.recipient_delimiter: ""',
    ],
    [
      "a domain that only we have",
      { maps: maps("+", ["mx.example.com", "example.com"]) },
      "warning local-domains [] loginmapd.yaml: maps.senders.local_domains: [mx.example.com]",
    ],
    [
      "a domain that only Postfix has",
      { main: { mydestination: "a.example, b.example" }, maps: maps("+", ["a.example"]) },
      "warning local-domains [] loginmapd.yaml: maps.senders.local_domains: [a.example, b.example]",
    ],
    [
      "the map of a tcp_table listener",
      {
        main: { smtpd_sender_login_maps: "tcp:127.0.0.1:9001" },
        listeners: [{ ...inet("127.0.0.1", 9001), protocol: "tcp_table", map: "senders" }],
        maps: maps("-", []),
      },
      'warning recipient-delimiter [] loginmapd.yaml: maps.senders.recipient_delimiter: "+"',
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled)).toEqual([finding]);
  });
});
