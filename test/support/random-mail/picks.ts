/** What the rows of all stacks are picked from: few names and domains, so that they meet; the same for the same seed. */

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a column holds. */
export type Value = string | number | null;
/** One row, by column. */
export type Row = Readonly<Record<string, Value>>;

/** Rows of one table; some may break its keys and are left out when they are inserted. */
export interface RandomTable {
  readonly table: string;
  readonly rows: readonly Row[];
}

/** Few names and domains: those hosted, those that are aliases of hosted ones, and others. */
export const localparts = Array.from({ length: 40 }, (_, i) => `u${i}`);
export const hosted = Array.from({ length: 8 }, (_, i) => `d${i}.test`);
export const aliased = Array.from({ length: 4 }, (_, i) => `a${i}.test`);
export const foreign = ["partner.test"];

/** Every address that may occur, and some that own nothing. */
export const everyAddress = [...localparts, "nobody"].flatMap((localpart) =>
  [...hosted, ...aliased, ...foreign].map((domain) => `${localpart}@${domain}`),
);

/** Picks for one database. */
export class Picks {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  of<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)] as T;
  }

  /** Mostly on. */
  flag(): number {
    return this.#random() < 0.85 ? 1 : 0;
  }

  yes(chance = 0.85): boolean {
    return this.#random() < chance;
  }

  address(domains: readonly string[] = hosted): string {
    return `${this.of(localparts)}@${this.of(domains)}`;
  }

  owners(separator: string): string {
    return Array.from({ length: 1 + Math.floor(this.#random() * 2) }, () => this.address()).join(separator);
  }
}

/** The domain of an address. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

/** That many rows. */
export function times(count: number, make: (i: number) => Row): Row[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** As ISPConfig writes a flag. */
export const yn = (flag: boolean) => (flag ? "y" : "n");

/** Makes the rows of one stack. */
export type Maker = (picks: Picks) => readonly RandomTable[];

/** Mailboxes as PostfixAdmin and its likes keep them. */
export const mailboxes = (picks: Picks, count: number) =>
  times(count, () => {
    const username = picks.address();
    return { username, local_part: username.split("@")[0] ?? "", domain: domainOf(username), active: picks.flag() };
  });

/** Alias domains as PostfixAdmin and its likes keep them. */
export const aliasDomains = (picks: Picks) =>
  aliased.map((alias_domain) => ({ alias_domain, target_domain: picks.of(hosted), active: picks.flag() }));
