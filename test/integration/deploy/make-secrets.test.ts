/** make-secrets.sh: who can read what it makes. */
import { chown, cp, link, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const deploy = join(projectRoot, "deploy");

let directory: TestDirectory;
beforeAll(async () => {
  directory = await makeDirectory("make-secrets");
});
afterAll(() => directory?.remove());

describe("make-secrets.sh", () => {
  const names = ["admin-token", "mysql-password", "mysql-root-password", "pgsql-password"];
  const daemon = ["--reuid=9100", "--regid=9100", "--clear-groups"];
  const stranger = ["--reuid=65534", "--regid=65534", "--clear-groups"];

  /** Runs it in a copy of deploy/compose, as an account, and gives the copy. */
  async function make(name: string, as: readonly string[]): Promise<string> {
    const copy = join(directory.path, name);
    await cp(join(deploy, "compose/make-secrets.sh"), join(copy, "make-secrets.sh"));
    if (as.length > 0) await chown(copy, 65534, 65534);
    const outcome = await run("setpriv", [...as, "sh", join(copy, "make-secrets.sh")]);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect((await readdir(join(copy, "secrets"))).toSorted()).toEqual(names);
    return copy;
  }

  /** Reads a secret as an account does inside the container: the file, without the directory that it lies in. */
  async function readAs(account: readonly string[], file: string): Promise<string> {
    const mounted = join(directory.path, `${basename(file)}-${Math.random()}`);
    await link(file, mounted);
    return (await run("setpriv", [...account, "cat", mounted])).stdout;
  }

  test("as root: the daemon's account can read them, another cannot", async () => {
    const copy = await make("as-root", []);
    for (const name of names) {
      const file = join(copy, "secrets", name);
      const secret = await readAs(daemon, file);
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(await readAs(stranger, file)).toBe("");
      expect((await stat(file)).mode & 0o777).toBe(0o400);
    }
  });

  test("as anybody else: the daemon's account can read what is mounted, and nobody else enters the directory", async () => {
    const copy = await make("as-user", stranger);
    for (const name of names) {
      const file = join(copy, "secrets", name);
      expect(await readAs(daemon, file)).toMatch(/^[0-9a-f]{64}$/);
      expect((await run("setpriv", [...daemon, "cat", file])).code).not.toBe(0);
    }
  });

  test("run again, it leaves the secrets that are there", async () => {
    const copy = await make("again", []);
    const read = () => Promise.all(names.map((name) => readFile(join(copy, "secrets", name), "utf8")));
    const before = await read();
    await run("sh", [join(copy, "make-secrets.sh")]);
    expect(await read()).toEqual(before);
    expect(new Set(before).size).toBe(4);
  });
});
