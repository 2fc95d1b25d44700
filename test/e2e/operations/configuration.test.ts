/** A bad configuration does not start: exit 78, and every problem is named. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loginmapd, projectRoot } from "../../support/servers/daemon.ts";

const root = join(projectRoot, "test/bad-config");

// Side by side, since each is a process of its own.
describe.concurrent("loginmapd serve", () => {
  test.each(readdirSync(root).toSorted())("does not start with %s, and says why", async (topic) => {
    const expected = readFileSync(join(root, topic, "expected-error"), "utf8")
      .trimEnd()
      .split("\n");
    const outcome = await loginmapd(["serve", "-c", "config.yaml"], { cwd: join(root, topic) });
    expect(outcome.stderr.trimEnd().split("\n")).toEqual(expected.map((line) => `loginmapd: ${line}`));
    expect(outcome).toMatchObject({ code: 78, stdout: "" });
  });
});

test("a file that is not there is named", async () => {
  const outcome = await loginmapd(["serve", "-c", "/nonexistent/loginmapd.yaml"]);
  expect(outcome).toMatchObject({ code: 78, stdout: "" });
  expect(outcome.stderr).toContain("/nonexistent/loginmapd.yaml");
});

test("check says the same as serve, with the same exit code", async () => {
  const cwd = join(root, "53-everything-at-once");
  const [served, checked] = await Promise.all(
    ["serve", "check"].map((command) => loginmapd([command, "-c", "config.yaml"], { cwd })),
  );
  expect(checked?.stderr).toBe(served?.stderr);
  expect(checked?.code).toBe(78);
});

test("a value from the environment is named by its variable", async () => {
  const outcome = await loginmapd(["check", "--demo"], { env: { LOGINMAPD_CACHE__TTL: "soon" } });
  expect(outcome.code).toBe(78);
  expect(outcome.stderr).toContain("LOGINMAPD_CACHE__TTL");
});
