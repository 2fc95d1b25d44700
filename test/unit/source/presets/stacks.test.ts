import { describe, expect, test } from "vitest";
import { ConfigError, formatProblem } from "../../../../src/model/errors.ts";
import type { Key } from "../../../../src/model/keys.ts";
import type { PresetOptions } from "../../../../src/source/presets/preset.ts";
import { keepLines } from "../../../../src/source/presets/sql-file.ts";
import { presetNamed, presetNames } from "../../../../src/source/presets/stacks.ts";
import type { ArmSet } from "../../../../src/source/sql/arm.ts";
import { tokenizeSql } from "../../../../src/source/sql/sql-text.ts";

const stacks = presetNames().filter((name) => name !== "native");
const required: Readonly<Record<string, PresetOptions>> = { ispconfig: { server_id: 1 } };

function planOf(name: string, options: PresetOptions = {}) {
  const preset = presetNamed(name);
  if (preset === undefined) throw new Error(`no preset ${name}`);
  return preset.plan({ ...required[name], ...options }, preset.drivers[0] ?? "mysql");
}

/** The arms of a schema that has every optional column. */
function armsOf(name: string, options: PresetOptions = {}): ArmSet {
  const plan = planOf(name, options);
  return plan.arms(new Set(plan.optionalColumns));
}

function problemsOf(name: string, options: PresetOptions): string[] {
  try {
    planOf(name, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  throw new Error("expected a ConfigError");
}

const key: Key = { email: "o'brien@example.com", user: "o'brien", domain: "example.com" };

test("there is a preset for each of eleven schemas", () => {
  expect(presetNames()).toEqual([
    "native",
    "postfixadmin",
    "iredmail",
    "mailcow",
    "ispconfig",
    "ispmail",
    "modoboa",
    "froxlor",
    "leister",
    "vimbadmin",
    "mailinabox",
  ]);
});

describe.each(stacks)("%s", (name) => {
  test("has the common options, each with a sentence of help", () => {
    const options = presetNamed(name)?.options ?? [];
    expect(options.map((option) => option.name)).toEqual(
      expect.arrayContaining([
        "include_alias",
        "include_alias_domain",
        "include_catchall",
        "include_list_members",
        "alias_depth",
        "extra_owners",
      ]),
    );
    for (const { help } of options) expect(help).toMatch(/\.$/);
  });

  test("asks for address and domains, in the form of roles", () => {
    const arms = armsOf(name);
    expect(arms.keyForm).toBe("roles");
    expect(arms.roles.address).toBeDefined();
    expect(arms.domains).toBeDefined();
  });

  test("binds every part of a key and pastes none", () => {
    const arms = armsOf(name, { extra_owners: ["root@example.com"], include_catchall: true });
    for (const role of ["address", "domain", "grant"] as const) {
      const arm = arms.roles[role];
      if (arm === undefined) throw new Error(`${name} has no ${role}`);
      const values = arm.bind(key) ?? [];
      expect(values.length).toBe(arm.sql.split("?").length - 1);
      expect(arm.sql).not.toContain("brien");
    }
  });

  test("selects one column, so that arms can be joined", () => {
    const arms = armsOf(name, {
      extra_owners: ["root@example.com"],
      include_catchall: true,
      include_list_members: true,
    });
    for (const arm of [...Object.values(arms.roles), arms.domains]) {
      expect(columnsOf(arm?.sql ?? "")).toBe(1);
    }
  });

  test("has no query for the domain when catch-alls do not count", () => {
    expect(armsOf(name, { include_catchall: false }).roles.domain).toBeUndefined();
    expect(armsOf(name, { include_catchall: true }).roles.domain).toBeDefined();
  });

  test("grants the extra owners every address of the domain, in one cell", () => {
    const grant = armsOf(name, { extra_owners: ["root@example.com", "boss"] }).roles.grant;
    expect(grant?.bind(key)).toContain("root@example.com,boss");
    expect(grant?.bind(key)).toContain("example.com");
  });

  test("reads no catch-all, alias or alias domain that it shall not", () => {
    const least = { include_alias: false, include_alias_domain: false, include_catchall: false };
    const sql = armsOf(name, least).roles.address?.sql ?? "";
    expect(sql).not.toMatch(/alias_?domain|mail_forwarding|forwardings|virtual_aliases|admin_alias|a\.goto/);
  });

  test("asks for alias depth only above 1", () => {
    expect(planOf(name).aliasDepth).toBe(1);
    expect(planOf(name, { alias_depth: 1 }).aliasDepth).toBe(1);
    expect(planOf(name, { alias_depth: 3 }).aliasDepth).toBe(3);
  });

  test("says what is wrong with options, all at once", () => {
    expect(problemsOf(name, { include_aliases: true, alias_depth: "2" as never })).toEqual([
      expect.stringContaining('options.include_aliases: unknown option; did you mean "include_alias"?'),
      'options.alias_depth: expected an integer, got "2"',
    ]);
    expect(problemsOf(name, { alias_depth: 6, extra_owners: ["a b", "", "c,d", "fine"] })).toEqual([
      "options.alias_depth: expected 1 to 5, got 6",
      expect.stringContaining("options.extra_owners: expected logins without commas and white space"),
      expect.stringContaining('got ""'),
      expect.stringContaining('got "c,d"'),
    ]);
    expect(problemsOf(name, { alias_depth: 0 })).toEqual(["options.alias_depth: expected 1 to 5, got 0"]);
  });
});

describe("what differs", () => {
  test("an option that the schema has no use for is named, whatever its value", () => {
    expect(planOf("vimbadmin", { include_alias_domain: false, include_alias: true }).warnings).toEqual([
      { path: "options.include_alias_domain", message: "changes nothing: ViMbAdmin has no alias domains" },
    ]);
    expect(planOf("vimbadmin").warnings).toEqual([]);
  });

  test("ISPConfig needs its server_id, and binds it", () => {
    expect(() => presetNamed("ispconfig")?.plan({}, "mysql")).toThrow("options.server_id: expected an integer");
    expect(armsOf("ispconfig", { server_id: 7 }).roles.address?.bind(key)?.[0]).toBe("7");
    expect(armsOf("ispconfig", { server_id: 7 }).domains?.bind(key)?.[0]).toBe("7");
  });

  test("ISPConfig counts copies only on demand", () => {
    expect(armsOf("ispconfig").roles.address?.sql).not.toContain("u.cc");
    expect(armsOf("ispconfig", { include_cc: true }).roles.address?.sql).toContain("u.cc");
  });

  test("iRedMail leaves catch-alls out unless told otherwise", () => {
    expect(armsOf("iredmail").roles.domain).toBeUndefined();
  });

  test("iRedMail's list members own nothing unless told otherwise", () => {
    expect(armsOf("iredmail").roles.address?.sql).not.toContain("is_list");
    expect(armsOf("iredmail", { include_list_members: true }).roles.address?.sql).toContain("is_list");
  });

  test("PostfixAdmin's tables may have a prefix", () => {
    const arms = armsOf("postfixadmin", { table_prefix: "pfa_" });
    for (const arm of [...Object.values(arms.roles), arms.domains]) {
      const tables = [...(arm?.sql ?? "").matchAll(/\b(?:FROM|JOIN) (\w+)/g)].map(([, table]) => table);
      expect(tables.length).toBeGreaterThan(0);
      for (const table of tables) expect(table).toMatch(/^pfa_(?:mailbox|alias|domain|alias_domain)$/);
    }
  });

  test.each(["a.b", "x; DROP TABLE y", "`", "ä", "p".repeat(33)])(
    "a prefix that is no name is refused: %j",
    (prefix) => {
      expect(problemsOf("postfixadmin", { table_prefix: prefix })).toEqual([
        `options.table_prefix: expected letters, digits and _, at most 32, got ${JSON.stringify(prefix)}`,
      ]);
    },
  );

  test("a mailcow before 2026 has no column sender_allowed, and is not asked for it", () => {
    const plan = planOf("mailcow");
    expect(plan.optionalColumns).toEqual(["alias.sender_allowed"]);
    expect(plan.arms(new Set()).roles.address?.sql).not.toContain("sender_allowed");
    expect(plan.arms(new Set(["alias.sender_allowed"])).roles.address?.sql).toContain("a.sender_allowed = 1");
  });

  test("a Froxlor before 2.3.0 has no grants", () => {
    const plan = planOf("froxlor");
    expect(plan.optionalColumns).toEqual(["mail_sender_aliases.allowed_sender"]);
    expect(plan.arms(new Set()).roles.grant).toBeUndefined();
    expect(plan.arms(new Set()).domains?.sql).not.toContain("mail_sender_aliases");
    expect(plan.arms(new Set(plan.optionalColumns)).roles.grant).toBeDefined();
    const extra = planOf("froxlor", { extra_owners: ["root"] }).arms(new Set());
    expect(extra.roles.grant?.sql).toMatch(/^SELECT \? FROM panel_domains/);
  });

  test("Modoboa's aliases of aliases are read only where they can be followed", () => {
    expect(armsOf("modoboa").roles.address?.sql).not.toContain("r_alias_id");
    expect(armsOf("modoboa", { alias_depth: 2 }).roles.address?.sql).toContain("r_alias_id");
  });

  test("Mail-in-a-Box has SQL for SQLite only", () => {
    expect(() => presetNamed("mailinabox")?.plan({}, "mysql")).toThrow("has no SQL for mysql, only for sqlite");
    expect(() => presetNamed("mailcow")?.plan({}, "sqlite")).toThrow("has no SQL for sqlite, only for mysql");
  });
});

describe("lines of a SQL file that hang on several flags", () => {
  const text =
    "SELECT 1\nUNION SELECT 2 -- if a and b\nUNION SELECT 3 -- if a and not b\n-- if not a and not b\nUNION SELECT 4\n-- end";

  test.each([
    [["a", "b"], "SELECT 1\nUNION SELECT 2"],
    [["a"], "SELECT 1\nUNION SELECT 3"],
    [["b"], "SELECT 1"],
    [[], "SELECT 1\nUNION SELECT 4"],
  ])("with %j", (flags, expected) => {
    expect(keepLines(text, new Set(flags))).toBe(expected);
  });
});

/** How many columns the first SELECT lists. */
function columnsOf(sql: string): number {
  let depth = 0;
  let columns = 1;
  const code = tokenizeSql(sql, "mysql")
    .map((token) => (token.kind === "code" ? token.text : "x"))
    .join("");
  for (const [found] of code.slice(0, code.search(/\bFROM\b/)).matchAll(/[(),]/g)) {
    if (found === "(") depth++;
    else if (found === ")") depth--;
    else if (depth === 0) columns++;
  }
  return columns;
}
