import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprintsOf } from "../../../src/daemon/source-fingerprint.ts";
import type { SourceSettings } from "../../../src/model/settings.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "loginmapd-fingerprint-"));
  write("domains", "example.com\n");
  write("my.cnf", "[client]\npassword = one\n");
  write("ca.pem", "one\n");
  writeTable("one");
});

afterEach(() => rmSync(folder, { recursive: true }));

const place = (name: string) => join(folder, name);

function write(name: string, text: string): void {
  writeFileSync(place(name), text);
}

function writeTable(password: string, query = "SELECT owner FROM t WHERE a='%s'"): void {
  const files = `domain = ${place("domains")}\noption_file = ${place("my.cnf")}\ntls_CAfile = ${place("ca.pem")}\n`;
  write("t.cf", `hosts = 127.0.0.1\nuser = u\npassword =\n  ${password}\ndbname = d\nquery = ${query}\n${files}`);
}

const overrides = { poolSize: 4, connectTimeoutMs: 2000, queryTimeoutMs: 3000 };
const table = (more: object = {}): SourceSettings => ({
  connection: undefined,
  queries: { kind: "postfix_cf", file: `mysql:${place("t.cf")}`, overrides: { ...overrides, ...more } },
});

const plain = (more: object = {}): SourceSettings => ({
  connection: {
    driver: "mysql",
    hosts: [{ kind: "inet", host: "127.0.0.1", port: 3306 }],
    user: "u",
    password: "one",
    database: "d",
    tls: { caFile: place("ca.pem"), certFile: undefined, keyFile: undefined, verify: true },
    charset: undefined,
    ...overrides,
    ...more,
  },
  queries: { kind: "preset", preset: "native", options: {} },
});

/** Which fingerprints are others after the change. */
function changedBy(change: () => void, settings: () => SourceSettings): string[] {
  const before = fingerprintsOf(settings());
  expect(fingerprintsOf(settings())).toEqual(before);
  change();
  const after = fingerprintsOf(settings());
  return (["answers", "inputs"] as const).filter((name) => before[name] !== after[name]);
}

describe("a table file of Postfix", () => {
  test.each<[string, () => void, string[]]>([
    ["another password: opened anew, answers the same", () => writeTable("two"), ["inputs"]],
    ["another query", () => writeTable("one", "SELECT 1"), ["answers", "inputs"]],
    ["another list of domains", () => write("domains", "example.net\n"), ["answers", "inputs"]],
    ["another password in the option file", () => write("my.cnf", "[client]\npassword = two\n"), ["inputs"]],
    ["another host in the option file", () => write("my.cnf", "[client]\nport = 3307\n"), ["answers", "inputs"]],
    ["another certificate", () => write("ca.pem", "two\n"), ["inputs"]],
    ["a certificate that is gone", () => rmSync(place("ca.pem")), ["inputs"]],
    ["a list of domains that is gone", () => rmSync(place("domains")), ["answers", "inputs"]],
  ])("with %s", (_what, change, changed) => {
    expect(changedBy(change, table)).toEqual(changed);
  });

  test("with a password of our own configuration: another one is no other answer", () => {
    let password = "one";
    expect(
      changedBy(
        () => (password = "two"),
        () => table({ password }),
      ),
    ).toEqual(["inputs"]);
  });
});

describe("a source of our own configuration", () => {
  test.each<[string, object, string[]]>([
    ["another password", { password: "two" }, ["inputs"]],
    ["a larger pool", { poolSize: 5 }, ["inputs"]],
    ["another database", { database: "e" }, ["answers", "inputs"]],
  ])("with %s", (_what, more, changed) => {
    let changes = {};
    expect(
      changedBy(
        () => (changes = more),
        () => plain(changes),
      ),
    ).toEqual(changed);
  });

  test("with another certificate in the same file", () => {
    expect(changedBy(() => write("ca.pem", "two\n"), plain)).toEqual(["inputs"]);
  });
});

test("another key of the server for passwords opens a source anew, and answers the same", () => {
  const withKey = () => plain({ serverPublicKeyFile: place("mysql.pem") });
  write("mysql.pem", "one\n");
  expect(changedBy(() => write("mysql.pem", "two\n"), withKey)).toEqual(["inputs"]);
});

test("no fingerprint holds a password or a certificate in clear", () => {
  write("ca.pem", "certificate-in-clear\n");
  writeTable("password-in-clear");
  const text = JSON.stringify([fingerprintsOf(table()), fingerprintsOf(plain({ password: "password-in-clear" }))]);
  expect(text).not.toContain("in-clear");
  for (const part of Object.values(fingerprintsOf(table()))) expect(part).toMatch(/^[\w-]{43}$/);
});
