/** The drop-in of docs/migration/mailinabox.md, as systemd's own tools judge it beside the unit: nothing is started. */
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { blocksUnder, type Guide, readGuides } from "../../support/docs/guides.ts";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

const guide = readGuides().find(({ name }) => name === "mailinabox") as Guide;
const systemUnits = "/usr/lib/systemd/system";

let root: TestDirectory;

beforeAll(async () => {
  root = await makeDirectory("drop-in");
  for (const name of ["loginmapd.service", "loginmapd.socket"])
    await put(`${systemUnits}/${name}`, join(projectRoot, "deploy/systemd", name));
  for (const name of ["basic", "sysinit", "sockets", "multi-user", "shutdown", "network", "nss-lookup"])
    await put(`${systemUnits}/${name}.target`, `${systemUnits}/${name}.target`);
  for (const program of ["/usr/bin/loginmapd", "/bin/kill"]) {
    await write(program, "#!/bin/sh\n");
    await chmod(join(root.path, program), 0o755);
  }
  await write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
  await write("/etc/group", "root:x:0:\npostfix:x:777:\n");
});
afterAll(() => root.remove());

async function put(target: string, source: string): Promise<void> {
  await mkdir(join(root.path, dirname(target)), { recursive: true });
  await copyFile(source, join(root.path, target));
}

async function write(target: string, text: string): Promise<void> {
  await mkdir(join(root.path, dirname(target)), { recursive: true });
  await writeFile(join(root.path, target), text);
}

async function verifyWith(dropIn: string): Promise<string> {
  const [{ file = "" } = {}] = blocksUnder(guide, /^3/, "ini");
  await write(file, dropIn);
  const outcome = await run("systemd-analyze", ["verify", `--root=${root.path}`, "--man=no", "loginmapd.service"]);
  return outcome.stderr;
}

const dropIn = blocksUnder(guide, /^3/, "ini")[0]?.text ?? "";

test("systemd reads it with the unit, and has nothing to say against it", async () => {
  expect(await verifyWith(dropIn)).toBe("");
});

test("it would say so of a value or a key that it does not know", async () => {
  expect(await verifyWith(dropIn.replace("=tmpfs", "=tmpf"))).toContain("Failed to parse");
  expect(await verifyWith(dropIn.replace("BindReadOnlyPaths", "BindReadOnlyPath"))).toContain("BindReadOnlyPath");
});

test("it shows the folder of the database, and nothing else of /home", () => {
  const yaml = blocksUnder(guide, /^3/, "yaml")[0]?.text ?? "";
  const [, database = ""] = /path: (\S+)/.exec(yaml) ?? [];
  expect(dropIn).toBe(`[Service]\nProtectHome=tmpfs\nBindReadOnlyPaths=${dirname(database)}\n`);
});
