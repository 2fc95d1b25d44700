/** The map that Postfix asks: not set, another table, or behind a proxy that does not let it. */
import { describe, expect, test } from "vitest";
import { diagnose, ourTable, restriction, type Spoiled, socket, submission, withSubmission } from "./support.ts";

describe("the map", () => {
  test.each<[string, Spoiled, string[]]>([
    [
      "not set anywhere, and no restriction either",
      { main: { smtpd_sender_login_maps: "", mua_sender_restrictions: "" } },
      [
        `critical map-not-set [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`,
        `critical restriction-missing [submission] main.cf: mua_sender_restrictions = ${restriction}`,
      ],
    ],
    [
      "not set, where reject_known lets everybody pass",
      { main: { smtpd_sender_login_maps: "", mua_sender_restrictions: "reject_known_sender_login_mismatch" } },
      [`critical map-not-set [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`],
    ],
    [
      "not set for one service of two",
      {
        services: {
          "submission inet y": submission,
          "submissions inet y": { ...submission, smtpd_sender_login_maps: "" },
        },
      },
      [`error map-not-set [submissions] master.cf, submissions inet: -o smtpd_sender_login_maps=${ourTable}`],
    ],
    [
      "another table in place of ours",
      { main: { smtpd_sender_login_maps: "hash:/etc/x" } },
      [`warning map-elsewhere [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`],
    ],
    [
      "a proxy: table that one service has for itself",
      withSubmission({ smtpd_sender_login_maps: "proxy:tcp:127.0.0.1:9001" }),
      ["error proxy-not-approved [submission] main.cf: smtpd_sender_login_maps = proxy:tcp:127.0.0.1:9001"],
    ],
    [
      "tcp without a port",
      { main: { smtpd_sender_login_maps: "tcp:127.0.0.1" } },
      [`error map-malformed [submission] main.cf: smtpd_sender_login_maps = ${ourTable}`],
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
