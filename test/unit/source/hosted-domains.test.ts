import { expect, test } from "vitest";
import { HostedDomains, unfindableDomains } from "../../../src/source/hosted-domains.ts";

function listen() {
  const warnings: object[] = [];
  const log = { debug() {}, info() {}, error() {}, isDebugEnabled: () => false };
  return { warnings, log: { ...log, warn: (fields: object) => warnings.push(fields) } };
}

test("domains become the set of those that may be hosted, folded", () => {
  const { warnings, log } = listen();
  expect(new HostedDomains("mail", log).read(["Example.com", "xn--mnchen-3ya.example"])).toEqual(
    new Set(["example.com", "xn--mnchen-3ya.example"]),
  );
  expect(warnings).toEqual([]);
});

test("a row * says that every domain may be hosted", () => {
  expect(new HostedDomains("mail", listen().log).read(["example.com", "*"])).toBeUndefined();
});

test("warns of U-labels, whose rows nobody finds, once for as long as they are the same", () => {
  const { warnings, log } = listen();
  const hosted = new HostedDomains("mail", log);
  const one = ["example.com", "münchen.example"];
  hosted.read(one);
  hosted.read(one);
  hosted.read([...one].reverse());
  expect(warnings).toEqual([
    {
      source: "mail",
      problem:
        "1 domain is not written as A-label (xn--…), so nobody owns an address there: write münchen.example as xn--mnchen-3ya.example",
    },
  ]);
  hosted.read([...one, "exämple.com", "*"]);
  expect(warnings).toHaveLength(2);
  hosted.read(["example.com"]);
  hosted.read(one);
  expect(warnings).toHaveLength(3);
});

test("counts each once, gives one example, and says what is no domain at all", () => {
  expect(unfindableDomains(["é.example", "é.example", "ü.example"])).toBe(
    "2 domains are not written as A-label (xn--…), so nobody owns an address there: write é.example as xn--9ca.example",
  );
  expect(unfindableDomains(["ü/x"])).toMatch(/: ü\/x is no domain$/);
});

test("white space around a domain does not make it another, and is told", () => {
  const { warnings, log } = listen();
  expect(new HostedDomains("mail", log).read(["a.example ", "b.example\r", "\tC.example", "d.example"])).toEqual(
    new Set(["a.example", "b.example", "c.example", "d.example"]),
  );
  expect(warnings).toEqual([
    {
      source: "mail",
      problem:
        '3 domains have white space around the name, so its owners may not be found: write "\\tC.example" as "C.example"',
    },
  ]);
  expect(new HostedDomains("mail", log).read(["* "])).toBeUndefined();
});

test("tells of U-labels and white space alike", () => {
  expect(unfindableDomains(["ü.example\r"])).toBe(
    '1 domain is not written as A-label (xn--…), so nobody owns an address there: write ü.example as xn--tda.example; 1 domain has white space around the name, so its owners may not be found: write "ü.example\\r" as "ü.example"',
  );
});
