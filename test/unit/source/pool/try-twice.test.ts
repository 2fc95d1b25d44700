import { expect, test } from "vitest";
import { tryTwice } from "../../../../src/source/pool/try-twice.ts";
import { SessionError, type SessionErrorKind } from "../../../../src/source/session.ts";

interface Attempt {
  /** How it fails; absent = it works. */
  readonly fails?: SessionErrorKind | "bug";
  /** Whether somebody took the connection. */
  readonly isTaken?: true;
  /** Whether the host answered somebody else meanwhile. */
  readonly isHeard?: true;
}

/** Plays attempts one after the other. @returns how many were made, and how the last ended */
async function play(...attempts: readonly Attempt[]): Promise<readonly [made: number, outcome: string]> {
  let made = 0;
  let signs = 7;
  const attempt = async (onConnect: () => void) => {
    const { fails, isTaken, isHeard } = attempts[made] as Attempt;
    made++;
    if (isTaken) onConnect();
    if (isHeard) signs++;
    if (fails === "bug") throw new TypeError("bug");
    if (fails !== undefined) throw new SessionError(fails, `${fails} ${made}`);
    return "open";
  };
  const ended = tryTwice({ signsOfLife: () => signs, isWanted: () => true }, attempt);
  const outcome = await ended.catch((error: Error) => error.message);
  return [made, outcome];
}

const worked = {};

test.each<{ readonly id: string; readonly first: Attempt; readonly second?: Attempt; readonly outcome: string }>([
  { id: "one that works is the only one", first: { isTaken: true }, outcome: "open" },
  { id: "nobody took it: the host is gone", first: { fails: "connection" }, outcome: "connection 1" },
  { id: "no answer in time: the host is gone", first: { fails: "timeout", isTaken: true }, outcome: "timeout 1" },
  { id: "turned away: told at once", first: { fails: "refused", isTaken: true }, outcome: "refused 1" },
  {
    id: "turned away while others are answered: told at once",
    first: { fails: "refused", isTaken: true, isHeard: true },
    outcome: "refused 1",
  },
  {
    id: "the first statement is refused: told at once",
    first: { fails: "statement", isTaken: true, isHeard: true },
    outcome: "statement 1",
  },
  { id: "a bug is told at once", first: { fails: "bug", isTaken: true, isHeard: true }, outcome: "bug" },
  {
    id: "cut after it was taken: once more",
    first: { fails: "connection", isTaken: true },
    second: worked,
    outcome: "open",
  },
  {
    id: "cut every time: the second failure counts",
    first: { fails: "connection", isTaken: true },
    second: { fails: "connection", isTaken: true, isHeard: true },
    outcome: "connection 2",
  },
  {
    id: "cut, then nobody there: the server went",
    first: { fails: "connection", isTaken: true },
    second: { fails: "connection" },
    outcome: "connection 2",
  },
  {
    id: "no answer in time while others are answered: once more",
    first: { fails: "timeout", isHeard: true },
    second: worked,
    outcome: "open",
  },
  {
    id: "not taken while others are answered: once more",
    first: { fails: "connection", isHeard: true },
    second: { fails: "connection" },
    outcome: "connection 2",
  },
])("$id", async ({ first, second, outcome }) => {
  const attempts = second === undefined ? [first] : [first, second];
  expect(await play(...attempts)).toEqual([attempts.length, outcome]);
});

test("makes no second attempt that nobody wants", async () => {
  let made = 0;
  const attempt = async (onConnect: () => void) => {
    made++;
    onConnect();
    throw new SessionError("connection", "connection reset");
  };
  await expect(tryTwice({ signsOfLife: () => 0, isWanted: () => false }, attempt)).rejects.toThrow("connection reset");
  expect(made).toBe(1);
});
