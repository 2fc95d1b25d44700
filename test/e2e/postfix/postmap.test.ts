/** `postmap -q` against the built daemon: the tool that every administrator tries first. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePostfixHome, type PostfixHome } from "../../support/servers/postfix.ts";
import { run } from "../../support/servers/processes.ts";
import { type Stage, startStage } from "../../support/servers/stage.ts";

let stage: Stage;
let home: PostfixHome;
const table = { socketmap: "", tcp_table: "" };

beforeAll(async () => {
  [stage, home] = await Promise.all([startStage(), makePostfixHome()]);
  table.socketmap = `socketmap:inet:127.0.0.1:${stage.ports.socketmap}:senders`;
  table.tcp_table = `tcp:127.0.0.1:${stage.ports.tcpTable}`;
});
afterAll(async () => {
  await stage?.stop();
  await home?.remove();
});

const protocols = ["socketmap", "tcp_table"] as const;

test.each(protocols)("%s: postmap -q prints the owners", async (protocol) => {
  expect(await home.postmap(table[protocol], "sales@example.com")).toEqual({
    kind: "found",
    value: "alice@example.com,bob@example.com",
  });
});

test.each(protocols)("%s: postmap -q folds nothing, so the daemon does", async (protocol) => {
  expect(await home.postmap(table[protocol], "ALICE+Tag@Example.COM")).toEqual({
    kind: "found",
    value: "alice@example.com",
  });
});

test.each(protocols)("%s: not found is exit 1 with nothing on standard error", async (protocol) => {
  const outcome = await run("postmap", ["-c", home.etc, "-q", "nobody@example.com", table[protocol]]);
  expect(outcome).toMatchObject({ code: 1, stdout: "", stderr: "" });
});

test.each(protocols)("%s: keys that are no address are not found, and no error", async (protocol) => {
  for (const key of ["", "alice", "@", "@nowhere.example", "a b", "a%20b@example.com", "x@", "é@example.com"])
    expect(await home.postmap(table[protocol], key), JSON.stringify(key)).toEqual({ kind: "notFound" });
});

test.each(protocols)("%s: postmap -q - asks every key over one connection", async (protocol) => {
  const before = await stage.metric("loginmapd_connections_total");
  const keys = ["alice@example.com", "nobody@example.com", "any@catch.example", "sales@example.com", "Bob@example.com"];
  expect(await home.postmapBatch(table[protocol], keys)).toEqual(
    new Map([
      ["alice@example.com", "alice@example.com"],
      ["any@catch.example", "erin@catch.example"],
      ["sales@example.com", "alice@example.com,bob@example.com"],
      ["Bob@example.com", "bob@example.com"],
    ]),
  );
  expect((await stage.metric("loginmapd_connections_total")) - before).toBe(1);
});

test.each(protocols)("%s: a thousand keys in one batch are answered in their order", async (protocol) => {
  const keys = Array.from({ length: 1000 }, (_, i) => `u${i}@catch.example`);
  const answers = await home.postmapBatch(table[protocol], keys);
  expect([...answers.keys()]).toEqual(keys);
  expect(new Set(answers.values())).toEqual(new Set(["erin@catch.example"]));
});

test("a map that does not exist is an error that names itself, not a key that is not found", async () => {
  const answer = await home.postmap(`socketmap:inet:127.0.0.1:${stage.ports.socketmap}:sender`, "alice@example.com");
  expect(answer).toMatchObject({ kind: "failed", message: expect.stringContaining("permanent error: ") });
});

test("a key of 9000 bytes is answered, and one over the limit is an error", async () => {
  const long = `${"a".repeat(9000)}@catch.example`;
  expect(await home.postmap(table.socketmap, long)).toEqual({ kind: "found", value: "erin@catch.example" });
  expect(await home.postmap(table.socketmap, `${"a".repeat(10_000)}@catch.example`)).toMatchObject({ kind: "failed" });
});
