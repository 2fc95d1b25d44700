/** How clients log in: AUTH under TLS, Dovecot's socket, its mechanisms and its realm. */
import { describe, expect, test } from "vitest";
import { diagnose, file, queue, type Spoiled, withSubmission } from "./support.ts";

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
