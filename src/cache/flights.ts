/**
 * The lookups that a cache has under way, so that others who want the same key wait for the same answer.
 *
 * A flush voids those it names: who waits is still told, but what they bring is not kept, and nobody joins them any more.
 */
import type { Answer } from "../model/reply.ts";
import { Register } from "../model/under-way.ts";
import { KeyIndex } from "./key-index.ts";

/** The lookups under way by key. */
export class Flights {
  readonly #byKey = new Register<string, Promise<Answer>>();
  readonly #index: KeyIndex;

  constructor(recipientDelimiter: string) {
    this.#index = new KeyIndex(recipientDelimiter);
  }

  get(key: string): Promise<Answer> | undefined {
    return this.#byKey.get(key);
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Notes a lookup that begins. */
  begin(key: string, flight: Promise<Answer>): void {
    this.#byKey.set(key, flight);
    this.#index.add(key);
  }

  /** Notes its end. @returns whether what it brings may be kept: it was not voided meanwhile */
  end(key: string, flight: Promise<Answer>): boolean {
    if (this.#byKey.get(key) !== flight) return false;
    this.#byKey.delete(key);
    this.#index.delete(key);
    return true;
  }

  /** Voids the lookups whose key is selected. */
  void(isSelected: (key: string) => boolean): void {
    for (const key of this.#byKey.keys()) if (isSelected(key)) this.#drop(key);
  }

  /** Voids the lookups that belong to an address. */
  voidAddress(address: string): void {
    for (const key of this.#index.keysOf(address)) this.#drop(key);
  }

  #drop(key: string): void {
    if (this.#byKey.delete(key)) this.#index.delete(key);
  }
}
