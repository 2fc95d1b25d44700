/** Mistakes that the doctor once said nothing about, or cured by halves. */
import { describe, expect, test } from "vitest";
import { diagnose, nullSender, restriction, type Spoiled } from "./support.ts";

const submission = { smtpd_sasl_auth_enable: "yes", smtpd_sender_restrictions: "$mua_sender_restrictions" };
const list = (value: string): Spoiled => ({ main: { mua_sender_restrictions: value } });
const cured = (line: string) => `main.cf: mua_sender_restrictions = ${line}`;

describe("lists that smtpd reads otherwise", () => {
  test.each<[string, Spoiled, string[]]>([
    [
      "a restriction without its domain takes ours for one",
      list(`reject_rhsbl_sender, ${restriction}`),
      [`critical argument-eaten [submission] ${cured(restriction)}`],
    ],
    [
      "and a word is left over",
      list(`reject_rhsbl_sender, ${restriction} dbl.example.net`),
      [
        `critical argument-eaten [submission] ${cured(restriction)}`,
        `error restriction-unknown [submission] ${cured(restriction)}`,
      ],
    ],
    [
      "a restriction without its domain takes another for one",
      list(`${restriction}, warn_if_reject reject_rbl_client, reject_unknown_sender_domain`),
      [`warning argument-eaten [submission] ${cured(`${restriction}, reject_unknown_sender_domain`)}`],
    ],
    [
      "a list that ends before the domain",
      list(`${restriction}, reject_rbl_client`),
      [`notice argument-missing [submission] ${cured(restriction)}`],
    ],
    [
      "check_sender_access without a table",
      list(`check_sender_access, ${restriction}`),
      [`error argument-missing [submission] ${cured(restriction)}`],
    ],
    [
      "check_policy_service and sleep without theirs",
      list(`${restriction}, sleep, check_policy_service`),
      [
        `error argument-missing [submission] ${cured(restriction)}`,
        `error argument-missing [submission] ${cured(restriction)}`,
      ],
    ],
    [
      "a misspelt name",
      list("reject_authenticated_sender_login_missmatch, permit"),
      [`error restriction-unknown [submission] ${cured(`${restriction}, permit`)}`],
    ],
    [
      "a class that is set, but not declared",
      { main: { mua_sender_restrictions: "owners", owners: restriction } },
      ["error restriction-unknown [submission] main.cf: smtpd_restriction_classes = owners"],
    ],
    [
      "a class that is declared, but not set",
      { main: { mua_sender_restrictions: `${restriction}, owners`, smtpd_restriction_classes: "owners" } },
      [
        "error class-undefined [smtp submission] main.cf: smtpd_restriction_classes =",
        `error restriction-unknown [submission] ${cured(restriction)}`,
      ],
    ],
    [
      "a word that is neither, in one service",
      { services: { "submission inet y": { ...submission, smtpd_sender_restrictions: "submission_sender_policy" } } },
      [
        `critical restriction-missing [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction}`,
        `error restriction-unknown [submission] master.cf, submission inet: -o smtpd_sender_restrictions=${restriction}`,
      ],
    ],
    [
      "a class with a mistake in it",
      {
        main: {
          mua_sender_restrictions: "owners",
          smtpd_restriction_classes: "owners",
          owners: `${restriction}, nonsense`,
        },
      },
      [`error restriction-unknown [smtp submission] main.cf: owners = ${restriction}`],
    ],
  ])("%s", (_, spoiled, findings) => {
    expect(diagnose(spoiled)).toEqual(findings);
  });

  test.each([
    `${restriction}, check_policy_service inet:127.0.0.1:10023, check_policy_service { inet:127.0.0.1:1, timeout = 10s }`,
    `${restriction}, reject_rbl_client zen.example.net=127.0.0.[2..11], reject_rhsbl_sender $myhostname, sleep 1, DEFER`,
    `Reject_Authenticated_Sender_Login_Mismatch, warn_if_reject reject_unknown_sender_domain, hash:/etc/x, permit`,
  ])("%s is read as smtpd reads it", (value) => {
    expect(diagnose(list(value))).toEqual([]);
  });
});

describe("comments in values", () => {
  test.each<[string, Spoiled, string]>([
    [
      "behind the map",
      { main: { smtpd_sender_login_maps: "socketmap:unix:loginmapd/socketmap:senders # who may, see http://x" } },
      "error comment-in-value [smtp submission] main.cf: smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:senders",
    ],
    [
      "within a list",
      list(`${restriction}, # important permit_sasl_authenticated, permit_mynetworks, reject #the end`),
      `error comment-in-value [submission] ${cured(`${restriction}, permit_sasl_authenticated, permit_mynetworks, reject`)}`,
    ],
    [
      "behind yes",
      { services: { "submission inet y": { ...submission, smtpd_sasl_auth_enable: "yes # here" } } },
      "error comment-in-value [submission] master.cf, submission inet: -o smtpd_sasl_auth_enable=yes",
    ],
    [
      "as the realm",
      { main: { smtpd_sasl_local_domain: "#$myhostname" } },
      "notice comment-in-value [smtp submission] main.cf: smtpd_sasl_local_domain =",
    ],
    [
      "behind the delimiter",
      { main: { recipient_delimiter: "+ # plus" } },
      "warning comment-in-value [smtp submission] main.cf: recipient_delimiter = +",
    ],
  ])("%s", (_, spoiled, finding) => {
    expect(diagnose(spoiled).map((text) => text.replace("[submission smtp]", "[smtp submission]"))).toEqual([finding]);
  });
});

describe("one line for a parameter cures all of it", () => {
  const port25 = (value: string): Spoiled => ({
    services: { "smtp inet y": { smtpd_sasl_auth_enable: "yes", smtpd_sender_restrictions: value } },
  });
  const line = (value: string) => `master.cf, smtp inet: -o smtpd_sender_restrictions=${value}`;

  test.each<[string, Spoiled, string[]]>([
    [
      "three restrictions on port 25",
      port25(
        "reject_sender_login_mismatch, reject_unauthenticated_sender_login_mismatch, reject_known_sender_login_mismatch",
      ),
      [`error outside-mail [smtp] ${line(restriction)}`],
    ],
    [
      "one that comes too late and looks at mail from outside",
      port25("permit_sasl_authenticated, reject_sender_login_mismatch"),
      [
        `critical restriction-after-permit [smtp] ${line(`${restriction},permit_sasl_authenticated`)}`,
        `error outside-mail [smtp] ${line(`${restriction},permit_sasl_authenticated`)}`,
      ],
    ],
    [
      "two lists",
      {
        services: {
          "smtp inet y": {
            smtpd_sasl_auth_enable: "yes",
            smtpd_sender_restrictions: "reject_sender_login_mismatch",
            smtpd_recipient_restrictions: "reject_unauthenticated_sender_login_mismatch, permit",
          },
        },
      },
      [
        `error outside-mail [smtp] ${line(restriction)}`,
        `error outside-mail [smtp] master.cf, smtp inet: -o smtpd_recipient_restrictions=${restriction},permit`,
      ],
    ],
  ])("%s", (_, spoiled, findings) => {
    expect(diagnose(spoiled)).toEqual(findings);
  });
});

describe("tables and services that may say OK", () => {
  const first = (rest: string) => cured(`${restriction}, ${rest}`);
  const rules = (table: string, answer: string): NonNullable<Spoiled["observations"]> => ({
    accessTables: new Map([[table, [{ key: "/@example\\.com$/", answer }]]]),
  });

  test.each<[string, Spoiled, string[]]>([
    [
      "a table that nobody could look into",
      list(`check_sender_access ldap:/x, ${restriction}`),
      [`notice answer-before-restriction [submission] ${first("check_sender_access ldap:/x")}`],
    ],
    [
      "a table that says OK",
      { ...list(`check_sender_access regexp:/x, ${restriction}`), observations: rules("regexp:/x", "OK") },
      [`warning answer-before-restriction [submission] ${first("check_sender_access regexp:/x")}`],
    ],
    [
      "a table that refuses",
      { ...list(`check_sender_access regexp:/x, ${restriction}`), observations: rules("regexp:/x", "REJECT") },
      [],
    ],
    ["an inline table that refuses", list(`check_client_access inline:{a=REJECT}, ${restriction}`), []],
    [
      "an inline table that says OK",
      list(`check_client_access inline:{192.0.2.1=OK}, ${restriction}`),
      [`warning answer-before-restriction [submission] ${first("check_client_access inline:{192.0.2.1=OK}")}`],
    ],
    [
      "a policy service",
      list(`check_policy_service unix:private/policy, ${restriction}`),
      [`notice answer-before-restriction [submission] ${first("check_policy_service unix:private/policy")}`],
    ],
    [
      "a class with a table",
      {
        main: {
          mua_sender_restrictions: `early, ${restriction}`,
          smtpd_restriction_classes: "early",
          early: "check_sender_access ldap:/x",
        },
      },
      [`notice answer-before-restriction [submission] ${first("early")}`],
    ],
    [
      "a table for every address before our map",
      { main: { smtpd_sender_login_maps: "hash:/own, regexp:/identity, socketmap:unix:loginmapd/socketmap:senders" } },
      [
        "notice table-before-map [submission] main.cf: smtpd_sender_login_maps = hash:/own, socketmap:unix:loginmapd/socketmap:senders, regexp:/identity",
      ],
    ],
    [
      "OAuth alone is meant so",
      {
        observations: {
          sasl: new Map([
            ["unix:/var/spool/postfix/private/auth", { kind: "mechanisms", names: ["XOAUTH2", "OAUTHBEARER"] }],
          ]),
        },
      },
      [],
    ],
  ])("%s", (_, spoiled, findings) => {
    expect(diagnose(spoiled)).toEqual(findings);
  });
});

describe("the null sender", () => {
  const open = (main: Readonly<Record<string, string>> = {}, services?: Spoiled["services"]): Spoiled => ({
    main: { smtpd_data_restrictions: "", ...main },
    ...(services && { services }),
  });
  const ownList = {
    "smtp inet y": {},
    "submission inet y": { smtpd_sasl_auth_enable: "yes" },
  };

  test.each<[string, Spoiled, string[]]>([
    [
      "passes",
      open(),
      [`warning null-sender [submission] ${cured(`${restriction}, ${nullSender}, permit_sasl_authenticated, reject`)}`],
    ],
    [
      "passes, and port 25 has the same list",
      open({ smtpd_sender_restrictions: `${restriction}, permit_mynetworks` }, ownList),
      [
        `warning null-sender [submission] master.cf, submission inet: -o { smtpd_sender_restrictions = ${restriction}, ${nullSender}, permit_mynetworks }`,
      ],
    ],
    [
      "passes where mail from outside arrives too",
      open(
        {},
        { "smtp inet y": { smtpd_sasl_auth_enable: "yes", smtpd_sender_restrictions: `${restriction}, permit` } },
      ),
      [
        `warning null-sender [smtp] main.cf: smtpd_restriction_classes = reject_null_sender_of_login | main.cf: reject_null_sender_of_login = check_sasl_access static:{550 5.7.1 nobody owns the null sender} | master.cf, smtp inet: -o { smtpd_sender_restrictions = ${restriction}, check_sender_access inline:{<>=reject_null_sender_of_login}, permit }`,
      ],
    ],
    [
      "is refused by a rule of one's own",
      open({ mua_sender_restrictions: `${restriction}, check_sender_access inline:{<>=REJECT}` }),
      [],
    ],
    [
      "is refused by a table elsewhere",
      {
        ...open({ mua_sender_restrictions: `${restriction}, check_sender_access mysql:/x` }),
        observations: { nullSenderAnswers: new Map([["mysql:/x", "REJECT"]]) },
      },
      [],
    ],
    [
      "passes behind a permit",
      open({ mua_sender_restrictions: `${restriction}, permit_sasl_authenticated, ${nullSender}` }),
      [
        `warning null-sender [submission] ${cured(`${restriction}, ${nullSender}, permit_sasl_authenticated, ${nullSender}`)}`,
      ],
    ],
  ])("%s", (_, spoiled, findings) => {
    expect(diagnose(spoiled)).toEqual(findings);
  });
});
