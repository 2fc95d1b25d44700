/** `loginmapd doctor` on mistakes beside the map: in AUTH and Dovecot, the milter, the daemon, its socket and its settings. */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDaemon } from "../../support/servers/daemon.ts";
import {
  type DoctorStage,
  everyLogin,
  type Found,
  type Plant,
  refusesNull,
  restriction,
  startDoctorStage,
} from "../../support/servers/doctor-stage.ts";
import { freePort } from "../../support/servers/ports.ts";
import { override } from "../../support/servers/postfix-text.ts";

let stage: DoctorStage;

beforeAll(async () => {
  stage = await startDoctorStage();
});

afterAll(async () => {
  await stage?.stop();
});

describe("a planted mistake is found, with the line that mends it", () => {
  test.each<[string, () => Plant, Found]>([
    [
      "recipient_delimiter differs",
      () => ({ main: "recipient_delimiter = -" }),
      {
        check: "recipient-delimiter",
        severity: "warning",
        services: [],
        lines: ['loginmapd.yaml: maps.senders.recipient_delimiter: "-"'],
      },
    ],
    [
      "local domains differ",
      () => ({
        yaml: { maps: { senders: { source: "mail", local_domains: ["example.com"] } } },
      }),
      {
        check: "local-domains",
        severity: "warning",
        services: [],
        lines: ["loginmapd.yaml: maps.senders.local_domains: [local.example]"],
      },
    ],
    [
      "AUTH is hidden on a service without TLS",
      () => ({ master: override("127.0.0.1:10587", "smtpd_tls_auth_only", "yes") }),
      {
        check: "auth-hidden",
        severity: "error",
        services: ["127.0.0.1:10587"],
        lines: ["master.cf, 127.0.0.1:10587 inet: -o smtpd_tls_security_level=may"],
      },
    ],
    [
      "AUTH is hidden and no certificate is set",
      () => ({ main: "smtpd_tls_cert_file =\nsmtpd_tls_key_file =" }),
      {
        check: "auth-hidden",
        severity: "error",
        services: ["submission"],
        lines: [
          "main.cf: smtpd_tls_cert_file = /etc/ssl/certs/HOST.pem",
          "main.cf: smtpd_tls_key_file = /etc/ssl/private/HOST.key",
        ],
      },
    ],
    [
      "Dovecot offers no LOGIN",
      () => ({ main: "smtpd_sasl_path = private/auth-plain" }),
      {
        check: "login-mechanism",
        severity: "warning",
        services: everyLogin,
        lines: ["Dovecot: auth_mechanisms = plain login"],
      },
    ],
    [
      "Dovecot does not answer",
      () => ({ main: "smtpd_sasl_path = private/no-auth" }),
      {
        check: "sasl-silent",
        severity: "error",
        services: everyLogin,
        lines: [
          "Dovecot: service auth { unix_listener QUEUE/private/no-auth { mode = 0660 user = postfix group = postfix } }",
        ],
      },
    ],
    [
      "Dovecot's socket is outside of the chroot",
      () => ({ main: "smtpd_sasl_path = QUEUE/private/auth" }),
      {
        check: "sasl-chroot",
        severity: "error",
        services: everyLogin,
        lines: ["main.cf: smtpd_sasl_path = private/auth"],
      },
    ],
    [
      "AUTH is off where the restriction stands",
      () => ({ master: override("submission", "smtpd_sasl_auth_enable", "no") }),
      {
        check: "sasl-off",
        severity: "critical",
        services: ["submission"],
        lines: ["master.cf, submission inet: -o smtpd_sasl_auth_enable=yes"],
      },
    ],
    [
      "smtpd_sasl_local_domain with Dovecot",
      () => ({ main: "smtpd_sasl_local_domain = example.com" }),
      {
        check: "sasl-local-domain",
        severity: "notice",
        services: everyLogin,
        lines: [
          "main.cf: smtpd_sasl_local_domain =",
          "Dovecot 2.3: auth_default_realm = example.com",
          "Dovecot 2.4: auth_default_domain = example.com",
        ],
      },
    ],
    [
      "nobody asks our milter",
      () => ({ main: "submission_milters =" }),
      {
        check: "milter-missing",
        severity: "notice",
        services: everyLogin,
        lines: ["main.cf: submission_milters = unix:loginmapd/milter"],
      },
    ],
    [
      "our configuration has no milter, and the null sender passes: one finding",
      () => ({
        main: `submission_milters =\nsubmission_sender_restrictions = ${restriction}, permit_sasl_authenticated, reject`,
        yaml: { listeners: stage.shipped.yaml.listeners.filter(({ protocol }) => protocol !== "milter") },
      }),
      {
        check: "milter-missing",
        severity: "warning",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
          'loginmapd.yaml: - { protocol: milter, endpoint: "unix:QUEUE/loginmapd/milter", mode: "0660", group: postfix, map: senders, action: log }',
          "main.cf: submission_milters = unix:loginmapd/milter",
        ],
      },
    ],
  ])("%s", async (_, mistake, found) => {
    await stage.findAndMend(mistake(), found);
  });

  test("the daemon does not run", async () => {
    const port = await freePort();
    const yaml = {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }, stage.milterAt("milter-late")],
      admin: { endpoint: `unix:${join(stage.path, "admin-late")}` },
    };
    const main = `smtpd_sender_login_maps = socketmap:inet:127.0.0.1:${port}:senders
submission_milters = unix:loginmapd/milter-late`;
    const args = await stage.plant({ main, yaml });
    expect(await stage.diagnose(args)).toEqual([
      {
        check: "daemon-silent",
        severity: "error",
        services: everyLogin,
        lines: ["shell: systemctl start loginmapd.socket loginmapd"],
      },
    ]);
    const late = await startDaemon({ args: ["-c", args[2] as string], listening: [port] });
    expect(await stage.diagnose(args)).toEqual([]);
    await late.stop();
  });

  test.each([
    ["its owner alone", { mode: "0600" }],
    ["another group", { mode: "0660", group: "0" }],
  ])("the socket is for %s", async (_, access) => {
    const closed = join(stage.queue, "loginmapd/closed");
    const yaml = {
      listeners: [{ protocol: "socketmap", endpoint: `unix:${closed}`, ...access }, stage.milterAt("milter-closed")],
      admin: { endpoint: `unix:${join(stage.path, "admin-closed")}` },
    };
    const main = `smtpd_sender_login_maps = socketmap:unix:loginmapd/closed:senders
submission_milters = unix:loginmapd/milter-closed`;
    const args = await stage.plant({ main, yaml });
    const start = () => startDaemon({ args: ["-c", args[2] as string], listening: [closed] });
    let own = await start();
    const findings = await stage.diagnose(args);
    expect(findings).toEqual([
      {
        check: "socket-permission",
        severity: "error",
        services: everyLogin,
        lines: [`loginmapd.yaml: - { protocol: socketmap, endpoint: "unix:${closed}", mode: "0660", group: postfix }`],
      },
    ]);
    await stage.mend(args, findings);
    await own.stop();
    own = await start();
    expect(await stage.diagnose(args)).toEqual([]);
    await own.stop();
  });

  test("the directory of the socket is closed", async () => {
    const folder = join(stage.queue, "loginmapd");
    const args = await stage.plant({});
    await chmod(folder, 0o700);
    try {
      const findings = await stage.diagnose(args);
      expect(findings).toMatchObject([
        { check: "socket-permission", lines: [`shell: chgrp postfix ${folder} && chmod g+x ${folder}`] },
      ]);
      await stage.mend(args, findings);
      expect(await stage.diagnose(args)).toEqual([]);
    } finally {
      await chmod(folder, 0o755);
    }
  });
});
