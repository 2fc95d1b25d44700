/** `combine: first` gives the answers and the failures of asking one key after the other, as Postfix does. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { combine } from "../../src/lookup/combine.ts";
import { asksFor } from "../../src/lookup/keys.ts";
import { SourceError } from "../../src/model/errors.ts";
import type { Ask, Cells, KeyForm } from "../../src/model/keys.ts";
import { splitOwners } from "../../src/model/owner-list.ts";
import type { FakeDatabase } from "../support/fakes/fakes.ts";
import { membersOf, ownersOf, rules, table } from "../support/fakes/tables.ts";

describe("first, beside asking one key after the other", () => {
  interface Drawn {
    readonly form: KeyForm;
    readonly cells: readonly (readonly string[])[];
    /** Places at which the source refuses its key. */
    readonly refused: readonly number[];
  }
  const refusal = new SourceError("ERR_SOURCE_SQL", "refused");
  const drawnSource = fc.record<Drawn>({
    form: fc.constantFrom<KeyForm>("roles", "postfix"),
    cells: fc.array(fc.subarray(["a", "b", " ,"]), { minLength: 10, maxLength: 10 }),
    refused: fc.oneof(fc.constant([]), fc.subarray([0, 1, 2, 3, 8, 9], { maxLength: 2 })),
  });

  /** The cells of a source for a place, or its refusal. */
  function at({ cells, refused }: Drawn, place: number): readonly string[] {
    if (refused.includes(place)) throw refusal;
    return cells[place] ?? [];
  }

  /** maps_find() of Postfix, with the grants of ours: what the whole is held to. */
  function oneByOne(key: string, sources: readonly Drawn[]): string {
    const turns = sources.flatMap((source) =>
      asksFor(key, source.form, rolesOf(source), rules).map((ask) => ({ ask, place: ask.place, source })),
    );
    const owners: string[] = [];
    let isDecided = false;
    for (const { ask, place, source } of turns.toSorted((a, b) => a.place - b.place)) {
      if (isDecided && ask.role !== "grant") continue;
      const cells = at(source, place);
      if (ask.role !== "grant")
        isDecided = source.form === "postfix" ? cells.length > 0 : cells.some((cell) => cell !== " ,");
      if (isDecided || ask.role === "grant") owners.push(...cells.flatMap(splitOwners));
    }
    const text = [...new Set(owners)].join(",");
    return text === "" ? (isDecided ? "," : "absent") : text;
  }

  function rolesOf({ form }: Drawn) {
    return new Set(form === "postfix" ? (["address"] as const) : (["address", "domain", "grant"] as const));
  }

  function databaseOf(key: string, drawn: Drawn): FakeDatabase {
    const database = table({}, { keyForm: drawn.form, roles: [...rolesOf(drawn)] });
    const places = new Map(
      asksFor(key, drawn.form, database.roles, rules).map((ask) => [`${ask.role} ${ask.key.email}`, ask.place]),
    );
    database.find = async (asks: readonly Ask[]): Promise<Cells> => {
      let isEnded = false;
      return asks.map(({ role, key: { email } }) => {
        // A driver asks no further for a table of Postfix that has answered.
        if (isEnded) return [];
        const cells = at(drawn, places.get(`${role} ${email}`) ?? -1);
        isEnded = drawn.form === "postfix" && cells.length > 0;
        return cells;
      });
    };
    return database;
  }

  test("gives the same answers and the same failures, and is explained alike", async () => {
    const keys = fc.constantFrom("alice+t@x", "alice@x", '"a b+t"@x', "@x");
    await fc.assert(
      fc.asyncProperty(keys, fc.array(drawnSource, { minLength: 2, maxLength: 3 }), async (key, sources) => {
        const outcome = (work: () => string) => {
          try {
            return work();
          } catch (error) {
            return error;
          }
        };
        const expected = outcome(() => oneByOne(key, sources));
        const { source, resolver } = combine(membersOf(sources.map((one) => databaseOf(key, one))), rules, "first");
        expect(await ownersOf(source, key).catch((error: unknown) => error)).toEqual(expected);
        const { reply, asks } = await resolver.trace(key, 0);
        const told = reply.kind === "ok" ? reply.owners.text : reply.kind === "notFound" ? reply.because : reply.cause;
        expect(told).toEqual(expected);
        expect(asks.filter(({ state }) => state === "failed").length).toBe(expected === refusal ? 1 : 0);
      }),
      { numRuns: 1000 },
    );
  });
});
