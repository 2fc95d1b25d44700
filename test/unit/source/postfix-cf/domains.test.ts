import { describe, expect, test } from "vitest";
import { armOfQuery, type Files, key, problemsOf, table, warningsOf } from "./table.ts";

const query = "SELECT 1 FROM t WHERE a='%s'";

function isLookedUp(domain: string, address: string, files: Files = {}): boolean {
  return armOfQuery(query, `domain = ${domain}`, files).bind(key(address)) !== undefined;
}

describe("the domain filter (match_list.c)", () => {
  test.each([
    ["a domain of the list is looked up", "ex.com, other.org", "u@ex.com", true],
    ["a list is split at blanks too", "ex.com other.org", "u@other.org", true],
    ["patterns have no case", "EX.com", "u@ex.com", true],
    ["another domain is not", "ex.com, other.org", "u@ex.net", false],
    ["a subdomain is not", "ex.com", "u@sub.ex.com", false],
    ["@domain is not", "ex.com", "@ex.com", false],
    ["a bare localpart is not", "ex.com", "u", false],
    ["the first pattern that matches decides", "!bad.com, bad.com", "u@bad.com", false],
    ["a negation that does not match decides nothing", "!bad.com, ex.com", "u@ex.com", true],
    ["a list of negations lets nothing through", "!bad.com", "u@ex.com", false],
    ["static: lets everything through", "!bad.com, static:all", "u@ex.com", true],
    ["two negations are none", "!!ex.com", "u@ex.com", true],
    ["an internationalised domain is its A-label", "exämple.com", "u@xn--exmple-cua.com", true],
    ["inline: holds its keys", "inline:{ ex.com=OK, {other.org = two words} }", "u@other.org", true],
    ["inline: does not hold its values", "inline:{ ex.com=ok }", "u@ok", false],
    ["braces keep blanks together", "{ex.com other.org}", "u@ex.com", false],
    ["an address literal is a domain", "[192.0.2.1]", "u@[192.0.2.1]", true],
    ["an IPv6 literal is no table", "[IPv6:::1]", "u@[ipv6:::1]", true],
  ])("%s", (_rule, list, address, expected) => {
    expect(isLookedUp(list, address)).toBe(expected);
  });

  test.each(["u@ex.com", "@ex.com", "u"])("without a list %s is looked up", (address) => {
    expect(armOfQuery(query, "domain =").bind(key(address))).toEqual([address]);
  });

  const files = {
    "/domains": "# ours\nex.com, second.org\n third.org\r\n!fourth.org fourth.org\n",
    "/hash": "# table\nex.com OK\n\nSecond.org\tOK\n  continued\n",
    "/loop": "/loop\n",
  };

  test.each([
    ["ex.com", true],
    ["second.org", true],
    ["third.org", true],
    ["fourth.org", false],
    ["fifth.org", false],
  ])("a /file stands for its patterns: %s", (domain, expected) => {
    expect(isLookedUp("/domains", `u@${domain}`, files)).toBe(expected);
  });

  test("! in front of a /file turns each of its patterns round", () => {
    expect(isLookedUp("!/domains, static:all", "u@ex.com", files)).toBe(false);
    expect(isLookedUp("!/domains, static:all", "u@fourth.org", files)).toBe(true);
    expect(isLookedUp("!/domains, static:all", "u@fifth.org", files)).toBe(true);
  });

  test.each([
    ["ex.com", true],
    ["second.org", true],
    ["continued", false],
  ])("texthash: holds the first word of each logical line: %s", (domain, expected) => {
    expect(isLookedUp("texthash:/hash", `u@${domain}`, files)).toBe(expected);
  });

  test.each([
    ["hash:/d", "cannot look into a hash: table; name the domains, or a /file of them, or use texthash: or inline:"],
    [
      "proxy:mysql:/d.cf",
      "cannot look into a proxy: table; name the domains, or a /file of them, or use texthash: or inline:",
    ],
    ["/none", "/none: no such file"],
    ["texthash:/none", "/none: no such file"],
    ["!", "expected a pattern after !"],
    ["inline:ex.com=OK", "expected inline:{ domain=value, … }"],
    ["inline:{ ex.com = OK }", "expected domain=value, or {domain = value}, in inline:{ }"],
    ["inline:{ ex.com }", "expected domain=value, or {domain = value}, in inline:{ }"],
  ])("%s is refused", (list, message) => {
    expect(problemsOf(() => isLookedUp(list, "u@ex.com", files))).toEqual([`domain: ${message} (t.cf line 3)`]);
  });

  test.each([
    [10, true],
    [11, false],
  ])("files that name files, %i in a row: %s", (count, isRead) => {
    const chain: Record<string, string> = { [`/f${count}`]: "ex.com\n" };
    for (let i = 1; i < count; i++) chain[`/f${i}`] = `/f${i + 1}\n`;
    if (isRead) expect(isLookedUp("/f1", "u@ex.com", chain)).toBe(true);
    else expect(() => isLookedUp("/f1", "u@ex.com", chain)).toThrow("more than 10 deep");
  });

  test("a brace that closes nothing is a letter", () => {
    expect(isLookedUp("} ex.com", "u@ex.com")).toBe(true);
    expect(isLookedUp("}", "u@}")).toBe(true);
  });

  test("a file that names itself is refused", () => {
    expect(problemsOf(() => isLookedUp("/loop", "u@ex.com", files))).toEqual([
      "domain: /loop: files that name files, more than 10 deep (t.cf line 3)",
    ]);
  });

  test("a comment at the end of a list ends it, with a warning", () => {
    const parsed = table(`query = ${query}\ndomain = ex.com # ours`);
    expect(warningsOf(parsed)).toContain(
      "domain: a comment at the end of the list is not supported; the rest is ignored (t.cf line 3)",
    );
  });
});
