/** Sources of a few rows, combined as a map combines them. */
import { combine, rulesOf, ungated } from "../../../src/lookup/combine.ts";
import { SourceError } from "../../../src/model/errors.ts";
import type { Answer } from "../../../src/model/reply.ts";
import type { MapSettings } from "../../../src/model/settings.ts";
import type { Doorkeeper } from "../../../src/model/source.ts";
import { type FakeDatabase, type FakeOptions, fakeDatabase } from "./fakes.ts";

/** A map of two sources. */
export const settings: MapSettings = {
  sources: ["a", "b"],
  combine: "first",
  recipientDelimiter: "+",
  localDomains: [],
  loginRealm: undefined,
};
/** How its keys are made. */
export const rules = rulesOf(settings);

/** What a source fails with. */
export const away = new SourceError("ERR_SOURCE_UNAVAILABLE", "away");
export const hangs = new SourceError("ERR_SOURCE_TIMEOUT", "hangs");

/** A table of Postfix, if nothing else is said, that answers later. */
export function table(rows: Record<string, string>, options: FakeOptions = {}): FakeDatabase {
  return fakeDatabase(rows, { keyForm: "postfix", isAsync: true, ...options });
}

/** Databases as a map combines them, behind gates where there are some. */
export function membersOf(databases: readonly FakeDatabase[], gates: readonly (Doorkeeper | undefined)[] = []) {
  return databases.map((database, i) => {
    const member = ungated(database, rules);
    const gate = gates[i];
    return gate === undefined ? member : { ...member, gate: { ...member.gate, ...gate } };
  });
}

/** The first that answers a key. */
export function chainOf(...databases: FakeDatabase[]) {
  return combine(membersOf(databases), rules, "first").source;
}

/** The answers of all. */
export function unionOf(...databases: FakeDatabase[]) {
  return combine(membersOf(databases), rules, "union").source;
}

/** The owners that are answered, or why there are none. */
export async function ownersOf(
  source: { ownersOf(key: string, deadlineMs: number): Answer | Promise<Answer> },
  key: string,
) {
  const answer = await source.ownersOf(key, 0);
  return answer.kind === "ok" ? answer.owners.text : answer.because;
}
