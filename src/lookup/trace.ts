/** A lookup as it can be retold: what was asked of which source, and what came of it. */
import type { Ask, Cells } from "../model/keys.ts";
import type { Reply } from "../model/reply.ts";
import type { OwnerSource } from "../model/source.ts";

/** One ask of a lookup. */
export interface TracedAsk {
  /** The name of the source. */
  readonly source: string;
  readonly ask: Ask;
  /**
   * `answered`: the source said who owns it, which may be nobody. `not_asked`: no query takes such a key, or an earlier ask
   * ended the search. `failed`: the source gave no answer, so nothing is known.
   */
  readonly state: "answered" | "not_asked" | "failed";
  readonly cells: Cells[number];
  /** Whether its owners are in the answer. */
  readonly won: boolean;
}

/** A lookup that was made for its explanation. */
export interface Trace {
  readonly reply: Reply;
  /** In the order of precedence. */
  readonly asks: readonly TracedAsk[];
}

/** What answers a map behind its cache: one source, or several in turn. */
export interface Resolving extends OwnerSource {
  /**
   * Looks up as `ownersOf` does, past what memory holds of hosted domains, and keeps every finding. Never rejects: a failure of
   * a source is an outcome.
   *
   * @param key folded
   */
  trace(key: string, deadlineMs: number): Promise<Trace>;
}
