/**
 * The README as a newcomer meets it: its first command in a fresh clone, every transcript, the lines that `npm start` prints,
 * and the lines for main.cf. Its way through Debian is in deb.test.ts.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyCheckout } from "../../support/checkout.ts";
import type { TestDirectory } from "../../support/directories.ts";
import { readmeBlocks, transcriptsOf } from "../../support/docs/readme.ts";
import { startMailServer } from "../../support/servers/mail-server.ts";
import { isListening } from "../../support/servers/ports.ts";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { type Child, run, startChild } from "../../support/servers/processes.ts";
import { waitUntil } from "../../support/wait.ts";
import { attempt } from "../../support/wire/smtp.ts";

let checkout: TestDirectory;
let demo: Child;
let postfix: PostfixHome;

const [firstCommand] = readmeBlocks({ of: "Try it" });
const transcripts = readmeBlocks({ without: ["Install on Debian"] })
  .filter(({ language }) => language === "console")
  .flatMap(transcriptsOf);

beforeAll(async () => {
  checkout = await copyCheckout(false);
  // A Postfix that was just installed has no main.cf, and without one postmap does nothing.
  postfix = await makePostfixHome();
  demo = startChild("sh", ["-c", firstCommand?.text ?? ""], { cwd: checkout.path });
  await waitUntil(
    "`npm ci && npm start` to serve the demo",
    async () => {
      if (!demo.isRunning()) throw new Error(demo.stdout() + demo.stderr());
      return (await Promise.all([9000, 9001, 9100].map(isListening))).every(Boolean);
    },
    280_000,
  );
}, 300_000);

afterAll(async () => {
  await postfix?.remove();
  demo?.signalGroup("SIGKILL");
  await demo?.exited;
  await checkout?.remove();
});

const shell = (command: string) =>
  run("sh", ["-c", command], { cwd: checkout.path, env: { MAIL_CONFIG: postfix.etc } });

test("the demo starts with the two commands that install and run", () => {
  expect(firstCommand?.text).toBe("npm ci && npm start\n");
});

test("the README shows something to run", () => {
  expect(transcripts.length).toBeGreaterThanOrEqual(4);
});

test.each(transcripts)("$command prints what the README says", async ({ command, output }) => {
  const { code, stdout } = await shell(command);
  expect(stdout.trimEnd()).toBe(output);
  expect(code).toBe(0);
});

test("the three lines that the demo prints can be pasted", async () => {
  const lines = demo.stdout().trimEnd().split("\n").slice(-3);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["postmap", "curl", "node"]);
  const [postmap = "", curl = "", lookup = ""] = lines;
  expect((await shell(postmap)).stdout).toBe("alice@example.com\n");
  expect((await shell(curl)).stdout).toContain(
    'loginmapd_lookups_total{map="senders",protocol="socketmap",result="ok"}',
  );
  expect((await shell(lookup)).stdout).toContain("owners:  alice@example.com, bob@example.com");
});

test("the lines for main.cf refuse a forged sender", async () => {
  const mainCf = readmeBlocks({ of: "Configure it" }).find(({ language }) => language === "");
  const options = Object.fromEntries(
    (mainCf?.text ?? "")
      .trim()
      .split("\n")
      .map((line) => line.split(" = ")),
  );
  expect(Object.keys(options)).toEqual(["smtpd_sender_login_maps", "smtpd_sender_restrictions"]);
  const login = { login: "alice@example.com", password: "secret" };
  const server = await startMailServer({
    users: { [login.login]: login.password },
    smtpd: () => [{ name: "submission", options }],
  });
  try {
    const port = server.postfix.port("submission");
    expect(await attempt(port, { from: "erin@catch.example", login })).toMatchObject({
      code: 553,
      text: "<erin@catch.example>: Sender address rejected: not owned by user alice@example.com",
    });
    expect(await attempt(port, { from: "alice@example.com", login })).toMatchObject({ code: 250 });
  } finally {
    await server.stop();
  }
});
