import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChangeWatch } from "../../../../src/model/listing.ts";
import { watchChanges } from "../../../../src/source/mysql/changes.ts";
import { SessionError } from "../../../../src/source/session.ts";
import { column, FakeSession } from "../../../support/fakes/fake-session.ts";
import { waitUntil } from "../../../support/wait.ts";

/** What the server tells: its version, and each position by the variable that holds it; without a value it knows no such variable. */
let version: string;
let positions: Record<string, string | undefined>;
let looks: number;
let hints: number;
let watch: ChangeWatch;

beforeEach(() => {
  positions = {};
  looks = 0;
  hints = 0;
});

afterEach(() => watch.close());

async function watched(): Promise<ChangeWatch> {
  const answer = (question: string) => {
    if (question.includes("@@version")) return column(version);
    looks++;
    const name = Object.keys(positions).find((known) => question.includes(`@@global.${known}`));
    if (name === undefined) throw new SessionError("statement", "unknown system variable");
    return column(positions[name] ?? "");
  };
  watch = watchChanges(
    async () => new FakeSession(answer),
    () => {
      hints++;
    },
  );
  await watch.ready;
  return watch;
}

test.each([
  ["MySQL with GTIDs", "8.0.36", "gtid_executed", "gtid"],
  ["MariaDB with a binlog", "10.11.6-MariaDB-log", "gtid_binlog_pos", "binlog"],
])("%s: a commit moves the position, which is told once", async (_server, itsVersion, variable, signal) => {
  version = itsVersion;
  positions = { [variable]: "3E11FA47:1-5" };
  expect((await watched()).state()).toEqual({ signal, advice: "" });
  const from = looks;
  await waitUntil("another look", () => looks > from);
  expect(hints).toBe(0);
  positions = { [variable]: "3E11FA47:1-6" };
  await waitUntil("the change to be told", () => hints > 0);
  const then = looks;
  await waitUntil("another look", () => looks > then);
  expect(hints).toBe(1);
});

test.each([
  ["MySQL without gtid_mode", "8.0.36", { gtid_executed: "" }, /^gtid_mode is off: /],
  ["MariaDB without a binlog", "10.11.6-MariaDB", { gtid_binlog_pos: "/" }, /^log_bin is off: /],
  ["a server that does not tell it", "8.0.36", {}, /^the server does not tell its binlog position/],
])("%s has no signal, and it is said what would help", async (_server, itsVersion, known, advice) => {
  version = itsVersion;
  positions = known;
  expect((await watched()).state()).toEqual({ signal: undefined, advice: expect.stringMatching(advice) });
});
