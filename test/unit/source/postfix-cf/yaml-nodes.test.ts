import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { toYaml } from "../../../../src/source/postfix-cf/to-yaml.ts";

const readerOf = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? "";

/** The YAML of one table, read back. */
function imported(text: string) {
  return parseYaml(toYaml(["/etc/postfix/t.cf"], readerOf({ "/etc/postfix/t.cf": text })).yaml);
}

describe("nothing of a table file leaves its place", () => {
  const hostile = [
    "a: b",
    "x # y",
    "'q\" \\",
    "*alias",
    "&anchor",
    "!tag",
    "%dir",
    "@at",
    "`tick",
    "- item",
    "? key",
    "| block",
    "> fold",
    "{a: b}",
    "[a, b]",
    "a\tb",
    "a \u2028x: y",
    "a\u0085b",
    "null",
    "yes",
    "010",
    "~",
    "---",
    "...",
  ];

  test.each(hostile)("neither user, dbname nor files of TLS: %j", (value) => {
    const tls = `tls_CAfile = ${value}\ntls_cert_file = ${value}\ntls_key_file = ${value}\ntls_verify_cert = yes`;
    const config = imported(
      `user = ${value}\npassword = p\ndbname = ${value}\nquery = SELECT a FROM t WHERE b='%s'\n${tls}\n`,
    );
    expect(config.sources.t).toMatchObject({
      user: value,
      database: value,
      password_file: "/etc/loginmapd/t-password",
    });
    expect(config.sources.t.tls).toEqual({ ca_file: value, cert_file: value, key_file: value, verify: true });
    expect(Object.keys(config)).toEqual(["listeners", "maps", "sources"]);
  });

  test.each(hostile.filter((value) => !/['\\%]/.test(value)))("nor a query: %j", (value) => {
    expect(
      imported(`dbname = d\nquery = SELECT a FROM t WHERE b='%s' AND c='${value}'\n`).sources.t.queries.address,
    ).toBe(`SELECT a\nFROM t\nWHERE b=:email\nAND c='${value}'`);
  });

  test.each([...hostile, "a\nsources: {}", "a\r\nb: c", "\n# a"])("nor the name of a file: %j", (value) => {
    const table = `/etc/${value}.cf`;
    const files = { [table]: "user = u\npassword = p\ndbname = d\nquery = CALL f('%s')\n", [`/${value}`]: "a@x b\n" };
    const config = parseYaml(toYaml([table, `texthash:/${value}`], readerOf(files)).yaml);
    expect(Object.keys(config)).toEqual(["listeners", "maps", "sources"]);
    expect(Object.values(config.sources)).toEqual([{ postfix_cf: table }, { driver: "texthash", path: `/${value}` }]);
  });

  test.each(["a\nsources: {}", "x\r\ny: z"])("nor the name of a file whose password is spoken of: %j", (value) => {
    const table = `/etc/${value}.cf`;
    const text = "user = u\npassword = p\ndbname = d\nquery = SELECT a FROM t WHERE b='%s'\n";
    const { yaml } = toYaml([table], readerOf({ [table]: text }));
    const config = parseYaml(yaml);
    expect(Object.keys(config)).toEqual(["listeners", "maps", "sources"]);
    expect(yaml).not.toMatch(/^(?:y: z|sources: \{\})/m);
    expect(Object.values(config.sources)).toMatchObject([{ user: "u", database: "d" }]);
  });
});
