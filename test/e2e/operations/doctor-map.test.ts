/** `loginmapd doctor` on mistakes in the map that Postfix asks and in the restriction that makes it ask: each has its line. */
import { afterAll, beforeAll, describe, test } from "vitest";
import {
  type DoctorStage,
  everyLogin,
  type Found,
  ourTable,
  type Plant,
  refusesNull,
  restriction,
  startDoctorStage,
} from "../../support/servers/doctor-stage.ts";
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
      "the map is not set",
      () => ({ main: "smtpd_sender_login_maps =" }),
      {
        check: "map-not-set",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "no restriction names the map",
      () => ({ main: `submission_sender_restrictions = ${refusesNull}, permit_sasl_authenticated, reject` }),
      {
        check: "restriction-missing",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
        ],
      },
    ],
    [
      "only the variant for clients that are not logged in",
      () => ({
        master: override(
          "submission",
          "smtpd_sender_restrictions",
          `reject_unauthenticated_sender_login_mismatch, ${refusesNull}, permit_sasl_authenticated, reject`,
        ),
      }),
      {
        check: "restriction-missing",
        severity: "critical",
        services: ["submission"],
        lines: [
          `master.cf, submission inet: -o { smtpd_sender_restrictions = ${restriction}, reject_unauthenticated_sender_login_mismatch, ${refusesNull}, permit_sasl_authenticated, reject }`,
        ],
      },
    ],
    [
      "the restriction comes after permit_sasl_authenticated",
      () => ({
        main: `submission_sender_restrictions = ${refusesNull}, permit_sasl_authenticated, ${restriction}, reject`,
      }),
      {
        check: "restriction-after-permit",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
        ],
      },
    ],
    [
      "the restriction comes after permit_mynetworks",
      () => ({
        master: override(
          "submission",
          "smtpd_sender_restrictions",
          `permit_mynetworks, ${restriction}, ${refusesNull}, reject`,
        ),
      }),
      {
        check: "restriction-after-permit",
        severity: "warning",
        services: ["submission"],
        lines: [
          `master.cf, submission inet: -o { smtpd_sender_restrictions = ${restriction}, permit_mynetworks, ${refusesNull}, reject }`,
        ],
      },
    ],
    [
      "the restriction only warns",
      () => ({
        main: `submission_sender_restrictions = warn_if_reject ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
      }),
      {
        check: "restriction-warns-only",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
        ],
      },
    ],
    [
      "the restriction is evaluated before the sender is known",
      () => ({
        main: `smtpd_delay_reject = no\nsubmission_sender_restrictions = reject_unknown_sender_domain, ${refusesNull}`,
        master: (text) =>
          text.replaceAll(
            "smtpd_client_restrictions=permit_sasl_authenticated,reject",
            `smtpd_client_restrictions=${restriction}`,
          ),
      }),
      {
        check: "restriction-too-early",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, reject_unknown_sender_domain, ${refusesNull}`,
        ],
      },
    ],
    [
      "an absolute path in a chroot",
      () => ({ main: `smtpd_sender_login_maps = socketmap:unix:QUEUE/loginmapd/socketmap:senders` }),
      {
        check: "chroot-path",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "a name in a chroot",
      () => ({ main: `smtpd_sender_login_maps = socketmap:inet:localhost:${stage.ports.inet}:senders` }),
      {
        check: "chroot-name",
        severity: "error",
        services: everyLogin,
        lines: ["main.cf: smtpd_sender_login_maps = socketmap:inet:127.0.0.1:INET:senders"],
      },
    ],
    [
      "a restriction on port 25 that looks at mail from outside",
      () => ({
        main: `smtpd_sender_restrictions = reject_sender_login_mismatch, check_sender_access inline:{<>=of_login}, permit_mynetworks
smtpd_restriction_classes = of_login
smtpd_milters = unix:loginmapd/milter
of_login = check_sasl_access static:REJECT`,
        master: override("smtp", "smtpd_sasl_auth_enable", "yes"),
      }),
      {
        check: "outside-mail",
        severity: "error",
        services: ["smtp"],
        lines: [
          `main.cf: smtpd_sender_restrictions = ${restriction}, check_sender_access inline:{<>=of_login}, permit_mynetworks`,
        ],
      },
    ],
    [
      "a proxy: table that only master.cf names",
      () => ({
        master: override(
          "submission",
          "smtpd_sender_login_maps",
          `proxy:socketmap:inet:127.0.0.1:${stage.ports.inet}:senders`,
        ),
      }),
      {
        check: "proxy-not-approved",
        severity: "error",
        services: ["submission"],
        lines: ["main.cf: smtpd_sender_login_maps = proxy:socketmap:inet:127.0.0.1:INET:senders"],
      },
    ],
    [
      "a proxy: table that proxy_read_maps leaves out",
      () => ({
        main: `smtpd_sender_login_maps = proxy:socketmap:inet:127.0.0.1:${stage.ports.inet}:senders\nproxy_read_maps = $virtual_alias_maps`,
      }),
      {
        check: "proxy-not-approved",
        severity: "error",
        services: everyLogin,
        lines: ["main.cf: proxy_read_maps = $virtual_alias_maps $smtpd_sender_login_maps"],
      },
    ],
    [
      "a map that the configuration does not have",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:sender" }),
      {
        check: "map-unknown",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "no listener where Postfix asks",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/other:senders" }),
      {
        check: "listener-missing",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "tcp: at a socketmap listener",
      () => ({ main: `smtpd_sender_login_maps = tcp:127.0.0.1:${stage.ports.inet}` }),
      {
        check: "protocol",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "a table without the name of the map",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap" }),
      {
        check: "map-malformed",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "another table in place of ours",
      () => ({ main: "smtpd_sender_login_maps = static:root" }),
      {
        check: "map-elsewhere",
        severity: "warning",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
  ])("%s", async (_, mistake, found) => {
    await stage.findAndMend(mistake(), found);
  });
});
