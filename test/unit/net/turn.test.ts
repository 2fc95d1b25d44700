import { beforeEach, describe, expect, test } from "vitest";
import { Turn, type TurnMember } from "../../../src/net/turn.ts";

let turn: Turn;
let written: string[];

beforeEach(() => {
  turn = new Turn();
  written = [];
});

function member(name: string): TurnMember {
  return { writeOut: () => void written.push(name) };
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("Turn", () => {
  test("writes a member once at the end of the turn, however often it joins", async () => {
    const [one, other] = [member("one"), member("other")];
    turn.join(one);
    turn.join(other);
    turn.join(one);
    expect(written).toEqual([]);
    await endOfTurn();
    expect(written).toEqual(["one", "other"]);
  });

  test("takes a member that joins while the turn ends into the next one", async () => {
    const again: TurnMember = {
      writeOut() {
        written.push("again");
        if (written.length < 3) turn.join(again);
      },
    };
    turn.join(again);
    for (let i = 0; i < 3; i++) await endOfTurn();
    expect(written).toEqual(["again", "again", "again"]);
  });

  test("writes what a read brought at once while few read in a turn", async () => {
    for (let read = 0; read < 31; read++) {
      turn.afterRead(member(`${read}`), 0);
      expect(written).toHaveLength(read + 1);
    }
  });

  test("collects after a turn that many read in, and no more after one that few did", async () => {
    // The 32nd read looks how many there are in its turn.
    for (let read = 0; read < 32; read++) turn.afterRead(member("few"), 0);
    expect(written).toHaveLength(31);
    for (let other = 0; other < 7; other++) turn.join(member("many"));
    await endOfTurn();
    written = [];
    turn.afterRead(member("collected"), 0);
    expect(written).toEqual([]);
    await endOfTurn();
    expect(written).toEqual(["collected"]);
    turn.afterRead(member("at once"), 0);
    expect(written).toEqual(["collected", "at once"]);
  });

  test("stands still while its clock is stopped", async () => {
    const stoppedAtMs = turn.stopClock();
    while (turn.readMs() === stoppedAtMs);
    expect(turn.nowMs()).toBe(stoppedAtMs);
    turn.resumeClock();
    expect(turn.nowMs()).toBeGreaterThan(stoppedAtMs);
  });
});
