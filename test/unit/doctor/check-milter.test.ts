import { describe, expect, test } from "vitest";
import { diagnose, queue, type Spoiled } from "./support.ts";

const path = `${queue}/loginmapd/milter`;
const reject = { protocol: "milter", endpoint: { kind: "unix", path }, map: "senders", action: "reject" } as const;
const log = { ...reject, action: "log" } as const;
const elsewhere = { ...reject, endpoint: { kind: "inet", host: "127.0.0.1", port: 9002 } } as const;
const submission = {
  smtpd_sasl_auth_enable: "yes",
  smtpd_tls_security_level: "encrypt",
  smtpd_sender_restrictions: "$mua_sender_restrictions",
};

function diagnoseWith(
  overrides: Readonly<Record<string, string>>,
  listener: NonNullable<Spoiled["listeners"]>[number] = reject,
  more: Spoiled = {},
): string[] {
  const services = { "smtp inet y": {}, "submission inet y": { ...submission, ...overrides } };
  return diagnose({ services, listeners: [{}, listener], ...more });
}

describe("nothing is found", () => {
  test.each([
    ["with a path relative to the queue directory", { smtpd_milters: "unix:loginmapd/milter" }],
    ["with an absolute path in the chroot", { smtpd_milters: "unix:/loginmapd/milter" }],
    ["among other milters", { smtpd_milters: "inet:127.0.0.1:8891, unix:loginmapd/milter" }],
    [
      "in braces",
      { smtpd_milters: "{ unix:loginmapd/milter, default_action=tempfail }", milter_default_action: "accept" },
    ],
  ])("%s", (_, overrides) => {
    expect(diagnoseWith(overrides)).toEqual([]);
  });

  test("outside of a chroot, with a listener on a port", () => {
    expect(diagnoseWith({ smtpd_milters: "inet:localhost:9002" }, elsewhere)).toEqual([]);
  });

  test("where the configuration has no milter", () => {
    expect(diagnose()).toEqual([]);
  });

  test("with milter_default_action = accept while action is log", () => {
    expect(diagnoseWith({ smtpd_milters: "unix:loginmapd/milter", milter_default_action: "accept" }, log)).toEqual([]);
  });
});

test("a service with the restriction that does not ask the milter", () => {
  expect(diagnoseWith({})).toEqual([
    "notice milter-missing [submission] master.cf, submission inet: -o smtpd_milters=unix:loginmapd/milter",
  ]);
  expect(diagnoseWith({ smtpd_milters: "inet:127.0.0.1:8891" }, elsewhere)).toEqual([
    "notice milter-missing [submission] master.cf, submission inet: -o smtpd_milters=inet:127.0.0.1:8891,inet:127.0.0.1:9002",
  ]);
});

test("receive_override_options = no_milters, as the field's classic tutorial has it", () => {
  const options = "no_unknown_recipient_checks, no_milters";

  expect(diagnoseWith({ smtpd_milters: "unix:loginmapd/milter", receive_override_options: options })).toEqual([
    "warning milter-off [submission] master.cf, submission inet: -o receive_override_options=no_unknown_recipient_checks",
  ]);
});

test("milter_default_action = accept beside action: reject", () => {
  expect(diagnoseWith({ smtpd_milters: "unix:loginmapd/milter", milter_default_action: "accept" })).toEqual([
    "warning milter-default-action [submission] master.cf, submission inet: -o milter_default_action=tempfail",
  ]);
  expect(diagnoseWith({ smtpd_milters: "{ unix:loginmapd/milter, default_action=accept }" })).toEqual([
    "warning milter-default-action [submission] master.cf, submission inet: -o { smtpd_milters = { unix:loginmapd/milter, default_action=tempfail } }",
  ]);
});

test("the milter on port 25, where nobody logs in", () => {
  const main = { smtpd_milters: "unix:loginmapd/milter, inet:127.0.0.1:8891" };

  expect(diagnoseWith({}, reject, { main })).toEqual([
    "notice milter-port-25 [smtp] master.cf, smtp inet: -o smtpd_milters=inet:127.0.0.1:8891",
  ]);
});

test("the null sender is no way round the map where the milter rejects, and is where it only looks on", () => {
  const open = { smtpd_data_restrictions: "" };
  const milters = { smtpd_milters: "unix:loginmapd/milter" };

  expect(diagnoseWith(milters, reject, { main: open })).toEqual([]);
  expect(diagnoseWith(milters, log, { main: open })).toEqual([expect.stringMatching(/^warning null-sender /)]);
  expect(diagnoseWith({ ...milters, receive_override_options: "no_milters" }, reject, { main: open })).toEqual(
    expect.arrayContaining([expect.stringMatching(/^warning null-sender /)]),
  );
});
