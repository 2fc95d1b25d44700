/** What a batch of lookups becomes, over a server that is no database we know: its statements are questions joined by " + ". */
import { beforeEach, describe, expect, test } from "vitest";
import { SourceError } from "../../../../src/model/errors.ts";
import type { Key } from "../../../../src/model/keys.ts";
import { type SourceTally, sourceTally } from "../../../../src/model/tally.ts";
import { BatchRunner } from "../../../../src/source/pool/batch.ts";
import { type ResultSet, SessionError, type SessionErrorKind } from "../../../../src/source/session.ts";
import type { Arm } from "../../../../src/source/sql/arm.ts";
import type { Lookup } from "../../../../src/source/sql/lookup.ts";
import { column, FakeSession } from "../../../support/fakes/fake-session.ts";
import { type FakeLog, fakeLog } from "../../../support/fakes/fakes.ts";

/** A question that finds its own key; a key called "many" has more values than it may. */
const arm: Arm = {
  sql: "echo",
  bind: ({ email }) => [email],
  collect: (rows, { email }) => {
    if (email === "many") throw new SourceError("ERR_SOURCE_RESULT", "more than expansion_limit = 1 values");
    return rows.flat().filter((cell): cell is string => cell !== null);
  },
  isCombinable: true,
};

let log: FakeLog;
let tally: SourceTally;
let failing: Map<string, SessionErrorKind>;
let failsTogether: SessionErrorKind | undefined;
let session: FakeSession;
let runner: BatchRunner;

beforeEach(() => {
  log = fakeLog();
  tally = sourceTally();
  failing = new Map();
  failsTogether = undefined;
  session = new FakeSession(answer);
  runner = make(false);
});

function make(firstHitOnly: boolean): BatchRunner {
  const combine = (arms: readonly { readonly sql: string }[]) => arms.map(({ sql }) => sql).join(" + ");
  return new BatchRunner({ source: "mail", firstHitOnly, combine, clock: { nowMs: () => 0 }, log, tally });
}

function answer(question: string, values: readonly string[]): ResultSet {
  for (const value of values) {
    const kind = failing.get(value);
    if (kind !== undefined) throw new SessionError(kind, `fails for ${kind}`);
  }
  if (!question.includes("+")) return column(...values);
  if (failsTogether !== undefined) throw new SessionError(failsTogether, "not together");
  return { columns: ["arm", "owner"], rows: values.map((value, i) => [String(i), value]), resultSetCount: 1 };
}

function lookupOf(email: string, ...others: readonly string[]): Lookup {
  const arms = [email, ...others].map((text, ask) => {
    const key: Key = { email: text, user: text, domain: "" };
    return { role: "address", arm, key, values: [text], ask } as const;
  });
  return { arms, askCount: arms.length, shape: `address x${arms.length}` };
}

/** Asks once alone, from which the runner learns what it must know to combine. */
async function learn(): Promise<void> {
  await runner.run(session, [lookupOf("first")]);
  session.asked.length = 0;
}

const run = (...keys: readonly string[]) =>
  runner.run(
    session,
    keys.map((key) => lookupOf(key)),
  );
const codes = (outcomes: readonly unknown[]) =>
  outcomes.map((outcome) => (outcome instanceof SourceError ? outcome.code : outcome));

describe("BatchRunner", () => {
  test("asks many lookups in one statement, once it knows what a question gives", async () => {
    expect(await run("a", "b", "c")).toEqual([[["a"]], [["b"]], [["c"]]]);
    expect(session.asked).toEqual(["echo", "echo + echo"]);
    await run("a", "b", "c");
    expect(session.asked.at(-1)).toBe("echo + echo + echo");
    expect(tally.queries).toEqual({ ok: 3, error: 0, timeout: 0 });
  });

  test.each([true, false])(
    "a result over its bound fails the lookup that it belongs to, and no other of the batch (first hit only: %s)",
    async (firstHitOnly) => {
      runner = make(firstHitOnly);
      for (let times = 0; times < 2; times++) {
        const outcomes = await run("before", "many", "after");
        expect(codes(outcomes)).toEqual([[["before"]], "ERR_SOURCE_RESULT", [["after"]]]);
      }
    },
  );

  test("a key that the server cannot take fails alone", async () => {
    await learn();
    failing.set("poison", "key");
    expect(codes(await run("a", "poison", "b"))).toEqual([[["a"]], "ERR_SOURCE_SQL", [["b"]]]);
  });

  test("a key of ASCII that is refused is not asked for once more with a stand-in", async () => {
    failing.set("plain", "key");
    expect(codes(await run("plain"))).toEqual(["ERR_SOURCE_SQL"]);
    expect(session.asked).toEqual(["echo"]);
  });

  test("when the server gives up on one of those asked one by one, the others are not tried", async () => {
    await learn();
    failing.set("bad", "key");
    failing.set("slow", "timeout");
    expect(codes(await run("bad", "a", "slow", "b", "c"))).toEqual([
      "ERR_SOURCE_SQL",
      [["a"]],
      ...Array(3).fill("ERR_SOURCE_TIMEOUT"),
    ]);
    expect(session.asked.filter((question) => question === "echo")).toHaveLength(3);
  });

  test("an answer that is not known by name is asked for one by one", async () => {
    await learn();
    failing.set("odd", "unknown");
    expect(codes(await run("a", "odd", "b"))).toEqual([[["a"]], "ERR_SOURCE_SQL", [["b"]]]);
  });

  test("a question that the server refuses whatever the key is not repeated for every lookup", async () => {
    await learn();
    for (const key of "abcd") failing.set(key, "statement");
    expect(codes(await run(..."abcd"))).toEqual(Array(4).fill("ERR_SOURCE_SQL"));
    expect(session.asked).toHaveLength(2);
  });

  test("what the server gave up on is a timeout for all, and asked no more", async () => {
    await learn();
    failing.set("slow", "timeout");
    expect(codes(await run("a", "slow"))).toEqual(Array(2).fill("ERR_SOURCE_TIMEOUT"));
    expect(session.asked).toHaveLength(1);
    expect(tally.queries.timeout).toBe(1);
  });

  test("bad luck is tried again", async () => {
    let unlucky = 1;
    session = new FakeSession((question, values) => {
      if (unlucky-- > 0) throw new SessionError("retry", "deadlock");
      return answer(question, values);
    });
    expect(await run("a")).toEqual([[["a"]]]);
  });

  test("a session that is gone is the caller's to judge", async () => {
    failing.set("a", "connection");
    await expect(run("a")).rejects.toMatchObject({ kind: "connection" });
    session.destroy("cut");
    await expect(run("b")).rejects.toMatchObject({ kind: "connection" });
  });

  test("questions that never work together are sent one by one from then on, and the log says so once", async () => {
    await learn();
    failsTogether = "statement";
    for (let times = 0; times < 5; times++) expect(await run("a", "b")).toEqual([[["a"]], [["b"]]]);
    const warnings = log.lines.filter(({ message }) => message.includes("one by one"));
    expect(warnings).toHaveLength(1);
    session.asked.length = 0;
    await run("a", "b");
    expect(session.asked).toEqual(["echo", "echo"]);
  });

  test("only the first hit is asked for where only that counts", async () => {
    runner = make(true);
    const [outcome] = await runner.run(session, [lookupOf("a", "b")]);
    expect(outcome).toEqual([["a"], []]);
    expect(session.asked).toEqual(["echo"]);
  });
});
