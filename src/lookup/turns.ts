/**
 * One lookup in several sources, in turn: as maps_find() asks a list of tables, each key in every source before the next key
 * (maps.c, mail_addr_find.c).
 *
 * Each source is asked once, for all keys that could still decide. That gives the answer of asking one after the other, unless
 * a source refuses what it is asked: then it is asked again key by key, since the refusal may concern a key whose turn never
 * comes.
 */
import { blame, SourceError } from "../model/errors.ts";
import { type Ask, type Cells, notAsked } from "../model/keys.ts";
import type { Database } from "../model/source.ts";
import { asksFor } from "./keys.ts";
import { endsSearch, type MapRules, type Ranking, rank } from "./ranking.ts";

/** An ask of one source, with what came of it so far. */
export interface SourceTurn {
  readonly ask: Ask;
  readonly place: number;
  readonly database: Database;
  /** `undefined` until it was asked, or when that failed. */
  cells: Cells[number] | undefined;
  hasFailed: boolean;
}

/** The asks of one lookup, in order. */
export class Turns {
  readonly turns: readonly SourceTurn[];
  readonly #rules: MapRules;
  /** What a source threw that cannot be asked again now. */
  readonly #failures = new Map<Database, unknown>();

  /** @param databases those to be asked, in their order */
  constructor(key: string, databases: readonly Database[], rules: MapRules) {
    this.#rules = rules;
    this.turns = databases
      .flatMap((database) =>
        asksFor(key, database.keyForm, database.roles, rules).map((ask): SourceTurn => {
          return { ask, place: ask.place, database, cells: undefined, hasFailed: false };
        }),
      )
      // A stable sort: within a place the sources keep their order.
      .toSorted((a, b) => a.place - b.place);
  }

  /**
   * Asks until the answer is known.
   *
   * @throws {SourceError} or whatever else a source threw, when its turn came and it had no answer
   */
  async run(deadlineMs: number): Promise<Ranking> {
    let end = this.turns.length;
    // In the order of their first turns: a source that knows catch-alls only is asked last.
    for (const database of new Set(this.turns.map((turn) => turn.database))) {
      const asked = this.turns.filter((turn, i) => turn.database === database && (isGrant(turn) || i < end));
      await this.#askTogether(database, asked, deadlineMs);
      end = this.#firstHit() ?? end;
    }
    if (this.#failures.size > 0) await this.#askInTurn(deadlineMs);
    return rank(
      this.turns.map(({ ask }) => ask),
      this.turns.map(({ cells }) => cells),
      (index) => (this.turns[index] as SourceTurn).database,
      this.#rules,
    );
  }

  /** Asks one source for several keys in one go. A failure is kept: its turn may never come. */
  async #askTogether(database: Database, asked: readonly SourceTurn[], deadlineMs: number): Promise<void> {
    if (asked.length === 0) return;
    try {
      const found = await database.find(
        asked.map(({ ask }) => ask),
        deadlineMs,
      );
      for (const [i, turn] of asked.entries()) turn.cells = found[i] as Cells[number];
    } catch (error) {
      this.#failures.set(database, blame(error, database.name));
    }
  }

  /** Goes through the turns, asking what failed for all keys together again for each key. */
  async #askInTurn(deadlineMs: number): Promise<void> {
    let isDecided = false;
    for (const turn of this.turns) {
      if (isDecided && !isGrant(turn)) continue;
      if (turn.cells === undefined && this.#failures.has(turn.database)) {
        turn.cells = await this.#askAgain(turn, deadlineMs);
      }
      isDecided ||= endsHere(turn);
    }
  }

  async #askAgain(turn: SourceTurn, deadlineMs: number): Promise<Cells[number]> {
    try {
      const failure = this.#failures.get(turn.database);
      if (!mayDifferByKey(failure)) throw failure;
      const [cells = notAsked] = await turn.database.find([turn.ask], deadlineMs);
      return cells;
    } catch (error) {
      turn.hasFailed = true;
      throw blame(error, turn.database.name);
    }
  }

  #firstHit(): number | undefined {
    const hit = this.turns.findIndex((turn) => endsHere(turn));
    return hit === -1 ? undefined : hit;
  }
}

/** Whether what a turn found ends the search. */
function endsHere(turn: SourceTurn): boolean {
  return !isGrant(turn) && endsSearch(turn.cells ?? notAsked, turn.database.keyForm);
}

function isGrant({ ask }: SourceTurn): boolean {
  return ask.role === "grant";
}

/**
 * Whether a failure may be one key's. A source that is away answers at once that it is, also that it has no query for a key; one
 * that hangs would have to be waited for again.
 */
function mayDifferByKey(error: unknown): boolean {
  if (!(error instanceof SourceError)) return false;
  return (
    error.code === "ERR_SOURCE_SQL" || error.code === "ERR_SOURCE_RESULT" || error.code === "ERR_SOURCE_UNAVAILABLE"
  );
}
