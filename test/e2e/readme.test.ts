/** Every console block of the README and the lines that `npm start` prints, run as they stand against the demo. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, projectRoot, startDaemon } from "../support/daemon.ts";
import { makePostfixHome, type PostfixHome } from "../support/postfix.ts";
import { run } from "../support/processes.ts";

let demo: Daemon;
let postfix: PostfixHome;

beforeAll(async () => {
  // A Postfix that was just installed has no main.cf, and without one postmap does nothing.
  postfix = await makePostfixHome();
  demo = await startDaemon({ args: ["--demo"], listening: [9000, 9001, 9100] });
});

afterAll(async () => {
  await postfix.remove();
  await demo.stop();
});

interface Transcript {
  readonly command: string;
  readonly output: string;
}

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const transcripts = [...readme.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((part): Transcript => {
      const [command = "", ...output] = part.split("\n");
      return { command, output: output.join("\n") };
    }),
);

const shell = (command: string) => run("sh", ["-c", command], { cwd: projectRoot, env: { MAIL_CONFIG: postfix.etc } });

test("the README shows something to run", () => {
  expect(transcripts.length).toBeGreaterThanOrEqual(4);
});

test.each(transcripts)("$command prints what the README says", async ({ command, output }) => {
  const { code, stdout } = await shell(command);
  expect(stdout.trimEnd()).toBe(output.trimEnd());
  expect(code).toBe(0);
});

test("the three lines that the demo prints can be pasted", async () => {
  const lines = demo.stdout().trimEnd().split("\n").slice(1);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["postmap", "curl", "node"]);
  // The demo was started elsewhere; what it prints is relative to where it was started.
  const [postmap = "", curl = "", lookup = ""] = lines.map((line) => line.replace(/node \S*dist/, "node dist"));
  expect((await shell(postmap)).stdout).toBe("alice@example.com\n");
  expect((await shell(curl)).stdout).toContain(
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="ok"}',
  );
  expect((await shell(lookup)).stdout).toContain("owners:  alice@example.com, bob@example.com");
});
