/** Every shell script of the repository: its shell can parse it, and shellcheck finds nothing. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

interface Script {
  readonly path: string;
  readonly shell: "sh" | "bash" | "zsh";
}

const scripts = [".ci", "deploy", "scripts", "test"].flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(projectRoot, folder), join(entry.parentPath, entry.name)))
    // A name that begins with a dot is a directory in which another test is at work.
    .filter((path) => !/(^|\/)\./.test(path))
    .flatMap((path): Script[] => {
      const shell = shellOf(join(folder, path));
      return shell === undefined ? [] : [{ path: join(folder, path), shell }];
    }),
);

function shellOf(path: string): Script["shell"] | undefined {
  const [first = ""] = readFileSync(join(projectRoot, path), "utf8").split("\n", 1);
  if (/^#!.*\bbash$/.test(first) || path.endsWith(".bash")) return "bash";
  if (/^#!.*\/sh\b/.test(first)) return "sh";
  return first.startsWith("#compdef") ? "zsh" : undefined;
}

test("all of them are found", () => {
  expect(scripts.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      ".ci/run",
      "deploy/completions/_loginmapd",
      "deploy/completions/loginmapd.bash",
      "deploy/compose/make-secrets.sh",
      "deploy/compose/postfix/start.sh",
      "deploy/debian/postinst",
      "deploy/debian/postrm",
      "deploy/debian/prerm",
      "scripts/build-deb.sh",
      "test/all.sh",
    ]),
  );
});

test.each(scripts)("$path is $shell that parses", async ({ path, shell }) => {
  expect(await run(shell, ["-n", join(projectRoot, path)])).toMatchObject({ code: 0, stderr: "" });
});

test.each(scripts.filter(({ shell }) => shell !== "zsh"))("shellcheck has nothing to say of $path", async (script) => {
  const { code, stdout, stderr } = await run("shellcheck", [`--shell=${script.shell}`, join(projectRoot, script.path)]);
  expect({ code, said: stdout + stderr }, basename(script.path)).toEqual({ code: 0, said: "" });
});
