/** The command line in this process: what is printed where, and which code says what. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageFile, packageVersion } from "../../../src/system/program.ts";
import { makePlace, type Place, runHere } from "./support.ts";

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place.remove());

test("--version and --help print to standard output", async () => {
  expect(await runHere("--version")).toEqual({ code: 0, stdout: `loginmapd ${packageVersion()}\n`, stderr: "" });
  const { code, stdout, stderr } = await runHere("list", "--help");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/loginmapd list/);
});

const commands = "serve, check, lookup, query, flush, import, doctor, list, audit, completion (loginmapd --help)";

test.each([
  [[], `a command is missing: one of ${commands}`],
  [["lokup"], `no command "lokup": one of ${commands}`],
  [["query", "senders"], /^usage: loginmapd query .*MAP.*KEY/],
  [["list", "--nonsense"], /^Unknown option '--nonsense' \(loginmapd list/],
  [["completion", "fish"], 'completion: expected bash or zsh, got "fish"'],
  [["flush"], "flush needs exactly one of --address, --domain, --login and --all"],
  [["flush", "--all", "--domain", "example.com"], "flush needs exactly one of --address, --domain, --login and --all"],
  [["lookup"], "an ADDRESS or a --message is missing"],
  [["lookup", "--message", "mail.eml"], "--message needs --login: a message of nobody's is not looked at"],
  [["list", "--format", "csv"], '--format: expected one of text, json, texthash, got "csv"'],
  [
    ["list", "--format", "texthash", "alice"],
    "--format texthash prints the whole map: a part of it would refuse everybody else",
  ],
  [["query", "--protocol", "milter", "a", "b"], '--protocol: expected socketmap or tcp_table, got "milter"'],
  [["query", "--server", "inet:mx:port", "a", "b"], /^--server: /],
  [["check", "--demo", "--postfix-cf", "x.cf"], "--demo and --postfix-cf exclude each other"],
  [["check", "--local-domain", "example.com"], "--local-domain needs --postfix-cf"],
  [
    ["audit", "--since", "yesterday"],
    '--since: expected a date such as 2026-11-01 or a time such as 7d, got "yesterday"',
  ],
])("a wrong command line says how, and ends with 64: %j", async (args, message) => {
  const { code, stdout, stderr } = await runHere(...args);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  expect(stderr).toMatch(/^loginmapd: [^\n]+\n$/);
  const said = stderr.slice("loginmapd: ".length, -1);
  if (typeof message === "string") expect(said).toBe(message);
  else expect(said).toMatch(message);
});

test("a map that the configuration does not have ends with 64", async () => {
  expect(await runHere("list", "--map", "typo", "-c", place.configFile)).toEqual({
    code: 64,
    stdout: "",
    stderr: 'loginmapd: no map "typo": senders\n',
  });
});

test("every problem of a configuration is a line, and ends with 78", async () => {
  const file = await place.write("wrong.yaml", {
    ...place.config,
    maps: { senders: { source: "mial" } },
    log: { level: "loud" },
  });
  const { code, stdout, stderr } = await runHere("check", "-c", file);
  expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines.toSorted()).toEqual([expect.stringContaining("log.level"), expect.stringContaining("mial")].toSorted());
  for (const line of lines) expect(line).toMatch(/^loginmapd: .+ \(wrong\.yaml line \d+\)$/);
});

test.each([
  ["bash", "deploy/completions/loginmapd.bash"],
  ["zsh", "deploy/completions/_loginmapd"],
])("completion %s prints the script that is shipped", async (shell, file) => {
  const script = await readFile(packageFile(file), "utf8");
  expect(await runHere("completion", shell)).toEqual({ code: 0, stdout: script, stderr: "" });
});

test("a server that is not there ends with 69 and names its place", async () => {
  for (const [args, socket] of [
    [["query", "senders", "alice@example.com"], "socketmap"],
    [["flush", "--all"], "admin"],
  ] as const) {
    const endpoint = `${place.path}/${socket}`;
    expect(await runHere(...args, "-c", place.configFile)).toEqual({
      code: 69,
      stdout: "",
      stderr: `loginmapd: unix:${endpoint}: connect ENOENT ${endpoint}\n`,
    });
  }
});

test("query without a listener of that protocol says how to name a server", async () => {
  expect(await runHere("query", "--protocol", "tcp_table", "senders", "x", "-c", place.configFile)).toEqual({
    code: 64,
    stdout: "",
    stderr: "loginmapd: the configuration has no tcp_table listener; name one by --server\n",
  });
});
