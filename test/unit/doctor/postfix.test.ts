import { describe, expect, test } from "vitest";
import { parsePostfix } from "../../../src/doctor/postfix.ts";

const parse = (
  parameters: string,
  services = "",
  overrides = "",
  defaults = "smtpd_sender_restrictions =\nmydomain = x\n",
) => parsePostfix({ parameters, defaults, services, overrides, warnings: [] });

test("a service has its overrides, and main.cf under them", () => {
  const { smtpd } = parse(
    "a = main $b\nb = from main\n",
    "submission inet n - y - - smtpd -o b=x\n",
    "submission/inet/b = {over}, ride\n",
  );
  const [service] = smtpd;
  expect(service).toMatchObject({ name: "submission", type: "inet", isChrooted: true });
  expect([service?.value("a"), service?.raw("a"), service?.isOverridden("a"), service?.isOverridden("b")]).toEqual([
    "main {over}, ride",
    "main $b",
    false,
    true,
  ]);
});

test("services of other programs are left out, proxymap is found", () => {
  const { smtpd, proxymap } = parse(
    "",
    [
      "[::1]:587 inet n - n - - smtpd",
      "x unix - - n - - /usr/lib/postfix/smtpd",
      "pickup unix n - n 60 1 pickup",
      "proxywrite unix - - n - 1 proxymap",
      "proxymap unix - - n - - proxymap",
    ].join("\n"),
    "[::1]:587/inet/c =\n",
  );
  expect(smtpd.map(({ name }) => name)).toEqual(["[::1]:587", "x"]);
  expect(smtpd[0]?.isOverridden("c")).toBe(true);
  expect(proxymap?.name).toBe("proxymap");
});

test.each([
  ["0", true],
  ["3.6", false],
])("at compatibility level %s a service that does not say is chrooted: %s", (level, isChrooted) => {
  const { smtpd } = parse(`compatibility_level = ${level}\n`, "smtp inet n - - - - smtpd\n");
  expect(smtpd[0]?.isChrooted).toBe(isChrooted);
});

describe("the line to change is where the value is set", () => {
  const [service] = parse(
    "smtpd_sender_restrictions = $mine\nmine = permit\nrealm = $mydomain\nmydomain = example.com\n",
    "s inet n - n - - smtpd\n",
    "s/inet/over = 1\ns/inet/refers = $mine\n",
  ).smtpd;

  test.each([
    ["over", "a, b", { where: "master.cf, s inet", line: "-o over=a,b" }],
    ["over", "check_x hash:y, b", { where: "master.cf, s inet", line: "-o { over = check_x hash:y, b }" }],
    ["refers", "a", { where: "main.cf", line: "mine = a" }],
    ["smtpd_sender_restrictions", "a, b", { where: "main.cf", line: "mine = a, b" }],
    ["realm", "", { where: "main.cf", line: "realm =" }],
    ["new", "x", { where: "main.cf", line: "new = x" }],
  ])("%s", (name, value, change) => {
    expect(service?.change(name, value)).toMatchObject(change);
  });
});
