/** What is changed in a stack while it is followed, and what a lookup says before and after. */

/** One change. */
export interface FollowedChange {
  readonly name: string;
  readonly sql: string;
  /** Address → the reply before, and the one that it is to have after. */
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** What one stack needs to be followed in a test. */
export interface FollowedStack {
  readonly preset: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Rows to begin with, after the schema. */
  readonly rows: string;
  readonly changes: readonly FollowedChange[];
}

/** The reply of an address that nobody owns. */
export const none = "NOTFOUND ";
/** The reply of one that has owners. */
export const ok = (...owners: readonly string[]) => `OK ${owners.join(",")}`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
/** A statement that inserts rows. */
export const insert = (into: string, rows: readonly string[]) => `INSERT INTO ${into} VALUES ${rows.join(",")};`;

/** Addresses that are only there to be many. */
export const fillers = numbers(2000).map((i) => `filler${i}@filler.test`);
/** Addresses that come at once. */
export const crowd = numbers(5000).map((i) => `crowd${i}@filler.test`);

/** The reply of an address whose owners are all at example.com. */
export const atExample = (...localparts: readonly string[]) =>
  ok(...localparts.map((localpart) => `${localpart}@example.com`));
