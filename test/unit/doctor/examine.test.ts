/** The doctor on mail servers where nothing is wrong, however unusual: it finds nothing. */
import { describe, expect, test } from "vitest";
import {
  answer,
  diagnose,
  file,
  inet,
  mapWith,
  queue,
  restriction,
  type Spoiled,
  socket,
  submission,
  withSubmission,
} from "./support.ts";

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
