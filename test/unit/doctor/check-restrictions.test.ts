/** The restriction that asks who owns a sender: missing, too late, too early, or on mail from outside. */
import { describe, expect, test } from "vitest";
import { diagnose, restriction, type Spoiled, submission, withSubmission } from "./support.ts";

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
