import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../../src/cli/options.ts";

const man = join(import.meta.dirname, "../../../docs/man");

/** What a reader sees, with blanks of filling and formatting removed. */
function render(page: string): string {
  const env = { ...process.env, LC_ALL: "C.UTF-8", MANWIDTH: "100", MAN_KEEP_FORMATTING: "", PAGER: "cat" };
  return execFileSync("man", ["-l", join(man, page)], { env, encoding: "utf8" }).replace(/.\x08/g, "");
}

describe.each(["loginmapd.8", "loginmapd.yaml.5"])("%s", (page) => {
  test("gives groff nothing to warn of", () => {
    const { status, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-z", join(man, page)], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  test("has the sections that readers look for", () => {
    const text = render(page);
    for (const heading of ["NAME", "DESCRIPTION", "ENVIRONMENT", "FILES", "SEE ALSO"]) {
      expect(text.split("\n")).toContain(heading);
    }
  });
});

test("loginmapd(8) shows every command with its options as they are typed", () => {
  const text = render("loginmapd.8");
  for (const { name, options } of commands) {
    expect(text).toContain(`\n   ${name}\n`);
    for (const option of options) expect(text).toMatch(new RegExp(`^ +--${option.name}\\b`, "m"));
  }
});

test("loginmapd.yaml(5) shows its example as it can be pasted", () => {
  expect(render("loginmapd.yaml.5").replace(/^ +/gm, "")).toContain(
    'hosts: ["unix:/run/mysqld/mysqld.sock", "inet:db.example.com:3306"]\nuser: loginmapd\n',
  );
});
