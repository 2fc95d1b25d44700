import { describe, expect, test } from "vitest";
import { diagnose, milter as log, nullSender, restriction, type Spoiled } from "./support.ts";

const reject = { ...log, action: "reject" } as const;
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

  test("with a listener on every address, and a name for this machine", () => {
    const everywhere = { ...elsewhere, endpoint: { kind: "inet", host: "0.0.0.0", port: 9002 } } as const;
    expect(diagnoseWith({ smtpd_milters: "inet:mail.example.com:9002" }, everywhere)).toEqual([]);
  });

  test("where the restriction only warns: that comes first", () => {
    const main = { mua_sender_restrictions: `warn_if_reject ${restriction}, ${nullSender}, reject` };
    const findings = diagnose({ main: { ...main, smtpd_milters: "" }, hasNoMilter: true });
    expect(findings[0]).toMatch(/^critical restriction-warns-only /);
  });

  test("with milter_default_action = accept while action is log", () => {
    expect(diagnoseWith({ smtpd_milters: "unix:loginmapd/milter", milter_default_action: "accept" }, log)).toEqual([]);
  });
});

describe("a service with the restriction that does not ask the milter", () => {
  const withoutMilter = (overrides: Readonly<Record<string, string>>): Spoiled => ({
    services: { "smtp inet y": {}, "submission inet y": { ...submission, ...overrides } },
    hasNoMilter: true,
  });
  const proposed =
    'loginmapd.yaml: - { protocol: milter, endpoint: "unix:/var/spool/postfix/loginmapd/milter", mode: "0660", group: postfix, map: senders, action: log }';
  const override = "master.cf, submission inet: -o";
  const asks = `${override} { smtpd_milters = { unix:loginmapd/milter, default_action=accept } }`;

  test.each<[string, Spoiled, string[]]>([
    [
      "of our configuration",
      { ...withoutMilter({ smtpd_milters: "" }), hasNoMilter: false, listeners: [{}, reject] },
      [`${override} smtpd_milters=unix:loginmapd/milter`],
    ],
    [
      "of our configuration, which only looks on: a daemon that is away stops no mail",
      { ...withoutMilter({ smtpd_milters: "" }), hasNoMilter: false },
      [asks],
    ],
    [
      "on a port, behind another",
      { ...withoutMilter({ smtpd_milters: "inet:127.0.0.1:8891" }), hasNoMilter: false, listeners: [{}, elsewhere] },
      [`${override} smtpd_milters=inet:127.0.0.1:8891,inet:127.0.0.1:9002`],
    ],
    ["where our configuration has none", withoutMilter({ smtpd_milters: "" }), [proposed, asks]],
    [
      "where our configuration has none, with braces that stay whole",
      withoutMilter({ smtpd_milters: "{ inet:127.0.0.1:8891, default_action=accept }" }),
      [
        proposed,
        `${override} { smtpd_milters = { inet:127.0.0.1:8891, default_action=accept }, { unix:loginmapd/milter, default_action=accept } }`,
      ],
    ],
    [
      "where our configuration has none, and Postfix looks for one in its usual place",
      withoutMilter({ smtpd_milters: "unix:loginmapd/milter" }),
      [proposed],
    ],
    [
      "where our configuration has ports alone, one of them that of the milter",
      {
        ...withoutMilter({ smtpd_milters: "", milter_default_action: "accept" }),
        main: { smtpd_sender_login_maps: "socketmap:inet:127.0.0.1:9002:senders" },
        listeners: [{ endpoint: { kind: "inet", host: "127.0.0.1", port: 9002 } }],
      },
      [
        'loginmapd.yaml: - { protocol: milter, endpoint: "inet:127.0.0.1:9003", map: senders, action: log }',
        `${override} smtpd_milters=inet:127.0.0.1:9003`,
      ],
    ],
  ])("%s", (_, spoiled, lines) => {
    expect(diagnose(spoiled)).toEqual([`notice milter-missing [submission] ${lines.join(" | ")}`]);
  });

  test("two services are one finding", () => {
    const services = {
      "submission inet y": { ...submission, smtpd_milters: "" },
      "submissions inet y": { ...submission, smtpd_milters: "" },
    };
    expect(diagnose({ services, hasNoMilter: true })).toEqual([
      `notice milter-missing [submission submissions] ${proposed} | ${asks} | ${asks.replace("submission", "submissions")}`,
    ]);
  });

  test("two services with one list that leaves the null sender open are one finding", () => {
    const services = {
      "submission inet y": { ...submission, smtpd_milters: "" },
      "submissions inet y": { ...submission, smtpd_milters: "" },
    };
    expect(diagnose({ services, main: { smtpd_data_restrictions: "" }, hasNoMilter: true })).toEqual([
      `warning milter-missing [submission submissions] main.cf: mua_sender_restrictions = ${restriction}, ${nullSender}, permit_sasl_authenticated, reject | ${proposed} | ${asks} | ${asks.replace("submission", "submissions")}`,
    ]);
  });

  describe("and the null sender passes too: one finding", () => {
    const main = { smtpd_data_restrictions: "" };

    test("which the milter alone cures when it rejects", () => {
      expect(diagnoseWith({ smtpd_milters: "" }, reject, { main })).toEqual([
        `warning milter-missing [submission] ${override} smtpd_milters=unix:loginmapd/milter`,
      ]);
    });

    test("which needs a line for each where the milter only looks on", () => {
      expect(diagnose({ ...withoutMilter({ smtpd_milters: "" }), main })).toEqual([
        `warning milter-missing [submission] main.cf: mua_sender_restrictions = ${restriction}, ${nullSender}, permit_sasl_authenticated, reject | ${proposed} | ${asks}`,
      ]);
    });
  });
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
