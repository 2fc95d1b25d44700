/**
 * Containers for what comes and goes all the time: lookups under way, statements that are being asked.
 *
 * A Set or Map is no place for them. V8 makes its table anew every few additions and removals, and the table before keeps what was in
 * it and leads to the next. Once one of them has grown old, everything that was ever put in outlives its end, with all that it holds,
 * until V8 collects old garbage: three kilobytes of each miss.
 */

/** What can stand in a roster: in one at a time. */
export interface Member {
  /** Where it stands; `nowhere` until it is added. Kept by the roster. */
  place: number;
}

/** The place of what stands in no roster. */
export const nowhere = -1;

/** A set without order. */
export class Roster<T extends Member> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Adds what is in no roster. */
  add(member: T): void {
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** Takes a member out; what is not in it is left alone. */
  delete(member: T): void {
    const { place } = member;
    if (this.#members[place] !== member) return;
    member.place = nowhere;
    const last = this.#members.pop() as T;
    if (last === member) return;
    this.#members[place] = last;
    last.place = place;
  }

  /** Gives the members of this moment: they may leave meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members].values();
  }
}

/** What stands in a register, until it leaves. */
interface Held<V> {
  value: V | undefined;
}

/** A map whose values leave nothing behind but their keys. */
export class Register<K, V extends object> {
  readonly #held = new Map<K, Held<V>>();

  get(key: K): V | undefined {
    return this.#held.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#held.has(key);
  }

  set(key: K, value: V): void {
    this.delete(key);
    this.#held.set(key, { value });
  }

  /** @returns whether there was one */
  delete(key: K): boolean {
    const held = this.#held.get(key);
    if (held === undefined) return false;
    held.value = undefined;
    return this.#held.delete(key);
  }

  /** Gives the keys of this moment: they may leave meanwhile. */
  keys(): readonly K[] {
    return [...this.#held.keys()];
  }

  /** Takes out everything. @returns what there was */
  takeAll(): readonly V[] {
    const values = this.keys().map((key) => this.get(key) as V);
    for (const key of this.keys()) this.delete(key);
    return values;
  }
}
