/**
 * A fuzzer that is guided by behaviour: inputs are grown from the kept corpus and a small grammar by mutation; one that
 * behaves in a way not seen before joins the population.
 *
 * An input that fails is made as small as it still fails and added to test/property/corpus/, where a property test replays
 * it from then on. Knows nothing of what it fuzzes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Runs one input. @returns what it did, in few words. @throws when a rule is broken */
type Check = (input: string) => string;

/** Something to fuzz. */
export interface Target {
  /** Of its corpus, below test/property/corpus/. */
  readonly folder: string;
  /** How its inputs become bytes. */
  readonly encoding: "latin1" | "utf8";
  readonly extension: "bin" | "cf" | "txt";
  /** Pieces that inputs are made of. */
  readonly words: readonly string[];
  /** Draws the circumstances of one run. */
  prepare(random: Random, input: string): Check;
}

/** Numbers that a seed makes repeatable. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] as Item;
  }
}

/** An input that broke a rule, kept in the corpus. */
export class FuzzFailure extends Error {
  constructor(path: string, input: string, cause: unknown) {
    super(`${JSON.stringify(input)}\nkept as ${path}`, { cause });
  }
}

/** The inputs of one target. */
export class Population {
  readonly #target: Target;
  readonly #random: Random;
  readonly #inputs: [string, ...string[]];
  readonly #seen = new Set<string>();
  /** How many inputs were run, and how many of them did something new. */
  count = 0;
  grown = 0;

  constructor(target: Target, random: Random) {
    this.#target = target;
    this.#random = random;
    mkdirSync(this.#folder, { recursive: true });
    const kept = readdirSync(this.#folder).map((name) => readFileSync(new URL(name, this.#folder), target.encoding));
    this.#inputs = ["", ...kept];
  }

  /**
   * Runs one more input.
   *
   * @param keeps whether an input that does something new is added to the corpus
   * @throws {FuzzFailure}
   */
  step(keeps: boolean): void {
    const input = this.#mutate(this.#random.pick(this.#inputs));
    const check = this.#target.prepare(this.#random, input);
    this.count++;
    let behaviour: string;
    try {
      behaviour = check(input);
    } catch (error) {
      const smallest = shrink(input, (smaller) => behaviourOf(check, smaller) === undefined);
      throw new FuzzFailure(this.#keep(smallest), smallest, error);
    }
    if (this.#seen.has(behaviour)) return;
    this.#seen.add(behaviour);
    this.#inputs.push(input);
    this.grown++;
    if (keeps) this.#keep(shrink(input, (smaller) => behaviourOf(check, smaller) === behaviour));
  }

  get #folder(): URL {
    return new URL(`../property/corpus/${this.#target.folder}/`, import.meta.url);
  }

  #mutate(input: string): string {
    const random = this.#random;
    const words = this.#target.words;
    let mutated = random.next() < 0.1 ? "" : input;
    for (let n = 1 + random.below(4); n > 0; n--) {
      const at = random.below(mutated.length + 1);
      const end = Math.min(mutated.length, at + random.below(8));
      const inserts: readonly [() => string, ...(() => string)[]] = [
        () => words[random.below(words.length)] ?? "",
        () => String.fromCharCode(random.below(256)),
        () => mutated.slice(at, end).repeat(random.below(4)),
        () => random.pick(this.#inputs),
        () => "",
      ];
      mutated = mutated.slice(0, at) + random.pick(inserts)() + mutated.slice(random.next() < 0.5 ? at : end);
    }
    return mutated.slice(0, 40_000);
  }

  #keep(input: string): string {
    const { encoding, extension, folder } = this.#target;
    const name = `${createHash("sha256").update(input, encoding).digest("hex").slice(0, 12)}.${extension}`;
    writeFileSync(new URL(name, this.#folder), input, encoding);
    return `test/property/corpus/${folder}/${name}`;
  }
}

function behaviourOf(check: Check, input: string): string | undefined {
  try {
    return check(input);
  } catch {
    return undefined;
  }
}

/** Takes pieces out of an input as long as `holds` stays true. */
function shrink(input: string, holds: (smaller: string) => boolean): string {
  let smallest = input;
  for (let size = input.length; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= smallest.length; ) {
      const smaller = smallest.slice(0, at) + smallest.slice(at + size);
      if (holds(smaller)) smallest = smaller;
      else at += size;
    }
  }
  return smallest;
}
