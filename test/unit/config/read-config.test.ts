import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Environment } from "../../../src/config/environment.ts";
import { configFileOf, readConfig } from "../../../src/config/read-config.ts";
import { smallest } from "./support.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "loginmapd-config-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function read(file?: string, env: Environment = {}) {
  const defaultFile = join(directory, "default.yaml");
  return readConfig({ ...(file !== undefined && { file }), env, knownPresets: ["native"], defaultFile });
}

function write(name: string, content: string | Uint8Array): string {
  const file = join(directory, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

test("the flag goes before LOGINMAPD_CONFIG, and that before the usual place", () => {
  const env = { LOGINMAPD_CONFIG: "/env.yaml" };
  expect(configFileOf({ file: "/flag.yaml", env })).toBe("/flag.yaml");
  expect(configFileOf({ env })).toBe("/env.yaml");
  expect(configFileOf({ env: { LOGINMAPD_CONFIG: "" } })).toBe("/etc/loginmapd/loginmapd.yaml");
  expect(configFileOf({ env: {} })).toBe("/etc/loginmapd/loginmapd.yaml");
});

test("reads the file and the secrets beside it, relative to its directory", () => {
  write("password", "s3cret\n");
  const file = write("a.yaml", smallest.replace("preset:", "password_file: password, preset:"));
  expect(read(file).settings.sources["mail"]?.connection).toMatchObject({ password: "s3cret" });
  expect(read(undefined, { LOGINMAPD_CONFIG: file }).settings.sources["mail"]?.connection).toMatchObject({
    password: "s3cret",
  });
});

test("warns when everybody can read a configuration with a secret in it", () => {
  const file = write("a.yaml", smallest.replace("preset:", "password: s3cret, preset:"));
  expect(read(file).warnings).toEqual([]);
  chmodSync(file, 0o644);
  expect(read(file).warnings).toMatchObject([{ path: "sources.mail.password", where: "a.yaml line 7" }]);
});

test.each([
  ["is not there", () => {}, "no such file"],
  ["is a directory", (file: string) => mkdirSync(file), "it is a directory"],
  ["is not UTF-8", (file: string) => writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff])), "it is not UTF-8"],
  ["is too large", (file: string) => writeFileSync(file, Buffer.alloc(1_048_577, "#")), "it is far too large"],
])("a configuration that %s cannot be read", (_, make, reason) => {
  const file = join(directory, "loginmapd.yaml");
  make(file);
  expect(() => read(file)).toThrow(
    expect.objectContaining({
      code: "ERR_CONFIG_UNREADABLE",
      message: `cannot read the configuration ${file}: ${reason}`,
    }),
  );
});

test("a secret larger than any secret is not read to its end", () => {
  const file = write("a.yaml", smallest.replace("preset:", "password_file: /dev/zero, preset:"));
  expect(() => read(file)).toThrow("sources.mail.password_file: cannot read /dev/zero: it is far too large");
});

test("a byte order mark is no part of the first key", () => {
  expect(read(write("a.yaml", `\uFEFF${smallest.trimStart()}`)).settings.listeners).toHaveLength(1);
});

test("without a file at the usual place the environment must name a source, else the missing file is the problem", () => {
  expect(() => read(undefined, { LOGINMAPD_LOG__LEVEL: "debug" })).toThrow(
    `cannot read the configuration ${directory}/default.yaml: no such file`,
  );
  expect(() => read(undefined, { LOGINMAPD_SOURCES__MAIL__DRIVER: "mysql" })).toThrow(
    /^listeners: at least one is needed.*\nmaps: at least one is needed.*\nsources\.mail: one of preset/,
  );
});
