/**
 * What a source lists when it is asked for everything that it knows at once.
 *
 * A listing is a hint, never an answer: it says which addresses to ask about, and what changed. A key in it is spelt as the
 * database has it, and a collation may take keys for equal that are not; only the lookup knows.
 */

/** What a line of a listing comes from, in the words of `loginmapd list`. */
export const listedKinds = ["address", "alias", "catch-all", "grant"] as const;

/** See `listedKinds`. */
export type ListedKind = (typeof listedKinds)[number];

/** One line: somebody who may send as a key, or a key that has a row and no owner. */
export interface ListedLine {
  /** `user@domain`, a bare `user`, `@domain` or `*`, as the database spells it. */
  readonly key: string;
  /** One cell, which may hold several logins; `undefined` for a row that only keeps a catch-all away. */
  readonly owner: string | undefined;
  readonly kind: ListedKind;
}

/** How a source tells by itself that something in it may have changed. */
export type SignalName = "data_version" | "binlog" | "gtid" | "notify" | "file" | "contextCSN" | "highestCommittedUSN";

/** What is known of the signal of a source. */
export interface SignalState {
  /** `undefined`: there is none, and only the next listing tells. */
  readonly signal: SignalName | undefined;
  /** What would make changes be seen sooner, for the administrator; empty when nothing would. */
  readonly advice: string;
}

/** A watch for changes, until it is closed. */
export interface ChangeWatch {
  /** Settled when it is first known whether the source signals changes; never rejects. */
  readonly ready: Promise<void>;
  state(): SignalState;
  close(): Promise<void>;
}

/** A source that can be listed. */
export interface Listing {
  /**
   * Lists every line, in batches of some hundred, on a connection of its own, so that no lookup waits. Lines of one key may stand
   * apart. Whoever iterates sets the pace, and ends the statement by ending the loop.
   *
   * @param signal ends it; the iteration then throws
   * @throws {SourceError} when it cannot be listed or is cut short. What came before is then a part, to be taken for nothing.
   */
  list(signal: AbortSignal): AsyncGenerator<readonly ListedLine[], void, undefined>;
  /**
   * Watches for changes. Needs no right but SELECT; connects, and connects again, by itself.
   *
   * @param onHint called when something may have changed: also when it was not possible to know for a while
   */
  watchChanges(onHint: () => void): ChangeWatch;
}

/** How following a source fares. */
export interface FollowState {
  readonly signal: SignalState;
  /** Keys of the last complete listing. */
  readonly listed: number;
  /** Time since the last complete listing began, in milliseconds; `undefined` before the first. */
  readonly ageMs: number | undefined;
  readonly durationMs: number;
  /** How soon the source is listed again without a signal, in milliseconds. */
  readonly intervalMs: number;
  /** Why the last listing failed; empty when it did not. */
  readonly reason: string;
}

/** A source that signals nothing: only the next listing tells. */
export function noSignal(advice: string): ChangeWatch {
  return { ready: Promise.resolve(), state: () => ({ signal: undefined, advice }), close: () => Promise.resolve() };
}

/**
 * Makes the line of a row: the key, its owner, and what it is. Without a third column, or with a word that is not known, `*` is
 * a grant, `@domain` a catch-all and everything else an address.
 *
 * @returns `undefined` for a row without a key
 */
export function toListedLine(row: readonly (string | null)[]): ListedLine | undefined {
  const [key, owner, kind] = row;
  if (key === null || key === undefined || key === "") return undefined;
  return {
    key,
    owner: owner === null || owner === "" ? undefined : owner,
    kind: listedKinds.find((known) => known === kind) ?? kindOfKey(key),
  };
}

function kindOfKey(key: string): ListedKind {
  if (key === "*") return "grant";
  return key.startsWith("@") ? "catch-all" : "address";
}
