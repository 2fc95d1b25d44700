/** The package as `npm install -g` installs it: into an empty prefix, and run from there. */
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { freePort } from "../../support/servers/ports.ts";
import { run, startChild, stopChild } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";

const timeoutMs = 240_000;
let directory: TestDirectory;
let said: string;
const inPrefix = (path: string) => join(directory.path, "prefix", path);
const installed = (path: string) => inPrefix(join("lib/node_modules/loginmapd", path));

beforeAll(async () => {
  directory = await makeDirectory("npm");
  // What prepack would build is built already.
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", directory.path, projectRoot];
  const { stdout, stderr, code } = await run("npm", pack, { cwd: directory.path }, timeoutMs);
  if (code !== 0) throw new Error(stderr);
  const tarball = join(directory.path, stdout.trim());
  const install = ["install", "--global", "--prefix", inPrefix(""), "--prefer-offline", tarball];
  const outcome = await run("npm", install, { cwd: directory.path, env: { npm_config_loglevel: "notice" } }, timeoutMs);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  said = outcome.stderr;
}, 2 * timeoutMs);

afterAll(() => directory?.remove());

test("npm has nothing to warn of", () => {
  expect(said).not.toMatch(/warn|error/i);
});

test("brings only what has native code", async () => {
  const modules = (await readdir(installed("node_modules"))).filter((name) => !name.startsWith("."));
  expect(modules.sort()).toEqual(["@libsql", "@neon-rs", "detect-libc", "libsql"]);
});

test("brings the licences of what is bundled", async () => {
  const notices = await readFile(installed("dist/third-party-licences.txt"), "utf8");
  for (const name of ["fastify", "mysql2", "pg", "pino", "yaml"])
    expect(notices).toMatch(new RegExp(`^${name} \\d`, "m"));
});

test("man finds both pages", async () => {
  for (const page of ["man8/loginmapd.8", "man5/loginmapd.yaml.5"]) {
    expect(await readlink(inPrefix(`share/man/${page}`))).toContain(`docs/man/${page.slice(5)}`);
  }
});

test("the installed command brings the completions, which a shell takes", async () => {
  const loginmapd = inPrefix("bin/loginmapd");
  const inBash = `eval "$("$0" completion bash)"; complete -p loginmapd`;
  expect(await run("bash", ["--norc", "-c", inBash, loginmapd], { cwd: "/" })).toMatchObject({
    code: 0,
    stdout: "complete -F _loginmapd loginmapd\n",
    stderr: "",
  });
  const functions = join(directory.path, "functions");
  const inZsh = `mkdir $2; $1 completion zsh > $2/_loginmapd; fpath=($2 $fpath); autoload -Uz compinit; compinit -u -D
print -r -- $_comps[loginmapd]`;
  expect(await run("zsh", ["-fc", inZsh, "zsh", loginmapd, functions], { cwd: "/" })).toMatchObject({
    code: 0,
    stdout: "_loginmapd\n",
    stderr: "",
  });
  const unknown = await run(loginmapd, ["completion", "fish"], { cwd: "/" });
  expect(unknown).toMatchObject({ code: 64, stderr: 'loginmapd: completion: expected bash or zsh, got "fish"\n' });
});

test("runs the demo, whose page, metrics and answers are all there", async () => {
  const [socketmap, tcpTable, admin] = await Promise.all([freePort(), freePort(), freePort()]);
  const env = {
    LOGINMAPD_LISTENERS__0__ENDPOINT: `inet:127.0.0.1:${socketmap}`,
    LOGINMAPD_LISTENERS__1__ENDPOINT: `inet:127.0.0.1:${tcpTable}`,
    LOGINMAPD_ADMIN__ENDPOINT: `inet:127.0.0.1:${admin}`,
  };
  const child = startChild(inPrefix("bin/loginmapd"), ["serve", "--demo"], { cwd: "/", env });
  try {
    await waitUntil("the demo is ready", () => child.stderr().includes('"ready"') || !child.isRunning(), 60_000);
    const query = ["query", "senders", "alice@example.com", "--server", `inet:127.0.0.1:${socketmap}`];
    expect(await run(inPrefix("bin/loginmapd"), query, { cwd: "/" })).toMatchObject({ code: 0, stderr: "" });
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${admin}${path}`)).text();
    expect(await get("/metrics")).toContain(
      'loginmapd_lookups_total{map="senders",protocol="socketmap",result="ok"} 1',
    );
    expect(await get("/")).toContain("<title>");
    expect(await get("/page/uPlot.iife.min.js")).toContain("uPlot");
    expect(JSON.parse(await get("/v1/openapi.json"))).toHaveProperty("openapi");
  } finally {
    await stopChild(child);
  }
}, 120_000);

test("a stack trace names the file and line of the source", async () => {
  await rm(installed("sql/demo/rows.sql"));
  await rm(installed("data"), { recursive: true, force: true });
  const { stderr, code } = await run(inPrefix("bin/loginmapd"), ["lookup", "--demo", "a@example.com"], { cwd: "/" });
  expect(code).toBe(70);
  expect(stderr).toMatch(/src\/source\/presets\/sql-file\.ts:\d+:\d+/);
});
