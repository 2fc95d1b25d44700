/** Containers for what comes and goes: what is in them, and that what has left can be forgotten. */
import { describe, expect, test } from "vitest";
import { nowhere, Register, Roster } from "../../../src/model/under-way.ts";

const member = (name: string) => ({ name, place: nowhere });

describe("a roster", () => {
  test("has what was added and not taken out, in any order of coming and going", () => {
    const roster = new Roster<ReturnType<typeof member>>();
    const all = Array.from({ length: 100 }, (_, i) => member(String(i)));
    for (const one of all) roster.add(one);
    const gone = new Set(all.filter((_, i) => i === 0 || i === 99 || i % 7 === 3));
    for (const one of gone) roster.delete(one);
    expect(roster.size).toBe(100 - gone.size);
    expect(new Set(roster)).toEqual(new Set(all.filter((one) => !gone.has(one))));
    for (const one of all) roster.delete(one);
    expect([...roster]).toEqual([]);
  });

  test("leaves alone what is not in it, also what is in another one", () => {
    const [roster, other] = [new Roster(), new Roster()];
    const [one, stranger, never] = [member("one"), member("stranger"), member("never")];
    roster.add(one);
    other.add(stranger);
    roster.delete(stranger);
    roster.delete(never);
    expect([...roster]).toEqual([one]);
    expect([...other]).toEqual([stranger]);
  });

  test("can be gone through while members leave, and one that left can come back", () => {
    const roster = new Roster<ReturnType<typeof member>>();
    for (const name of ["a", "b", "c"]) roster.add(member(name));
    const seen: string[] = [];
    for (const one of roster) {
      seen.push(one.name);
      for (const other of roster) roster.delete(other);
      roster.add(one);
    }
    expect(seen).toEqual(["a", "b", "c"]);
    expect([...roster].map(({ name }) => name)).toEqual(["c"]);
  });
});

describe("a register", () => {
  test("has what was set last for a key, until that is deleted", () => {
    const register = new Register<string, { readonly value: number }>();
    register.set("a", { value: 1 });
    register.set("a", { value: 2 });
    register.set("b", { value: 3 });
    expect(register.get("a")).toEqual({ value: 2 });
    expect(register.keys()).toEqual(["a", "b"]);
    expect([register.delete("a"), register.delete("a")]).toEqual([true, false]);
    expect([register.has("a"), register.get("a"), register.has("b")]).toEqual([false, undefined, true]);
    expect(register.takeAll()).toEqual([{ value: 3 }]);
    expect(register.keys()).toEqual([]);
  });
});
