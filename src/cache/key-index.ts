/**
 * Finds the keys that belong to an address: the address itself, its spellings in quotes, and it with extensions.
 *
 * A change of one address voids what was answered for all of them. Without this index that would take a look at every entry.
 */
import { joinAddress, splitAddress, stripExtension, unquoteLocalpart } from "../model/address.ts";

const quoting = ['"', "\\"];
const none: readonly string[] = [];

/** The keys of a cache by the address that they belong to. Memory is taken by keys in quotes or with an extension only. */
export class KeyIndex {
  readonly #recipientDelimiter: string;
  /** A key without any of these belongs to no address but itself; nearly every key is one. */
  readonly #marks: readonly string[];
  readonly #byAddress = new Map<string, Set<string>>();

  /** @param recipientDelimiter the characters of Postfix's `recipient_delimiter`; empty for none */
  constructor(recipientDelimiter: string) {
    this.#recipientDelimiter = recipientDelimiter;
    this.#marks = [...quoting, ...recipientDelimiter];
  }

  add(key: string): void {
    for (const address of this.#addressesOf(key)) {
      const keys = this.#byAddress.get(address);
      if (keys === undefined) this.#byAddress.set(address, new Set([key]));
      else keys.add(key);
    }
  }

  delete(key: string): void {
    for (const address of this.#addressesOf(key)) {
      const keys = this.#byAddress.get(address);
      if (keys?.delete(key) === true && keys.size === 0) this.#byAddress.delete(address);
    }
  }

  /** The keys that belong to `address`, itself first whether or not it was added; costs as many steps as there are. */
  *keysOf(address: string): Generator<string> {
    yield address;
    const plain = plainKey(address);
    if (plain !== address) yield plain;
    for (const key of [...(this.#byAddress.get(plain) ?? [])]) if (key !== address) yield key;
  }

  /** The addresses besides itself that a key is found under. */
  #addressesOf(key: string): readonly string[] {
    if (!this.#marks.some((mark) => key.includes(mark))) return none;
    const plain = plainKey(key);
    const stripped = withoutExtension(plain, this.#recipientDelimiter);
    if (stripped === undefined) return plain === key ? [] : [plain];
    return plain === key ? [stripped] : [plain, stripped];
  }
}

/** Writes a folded key without the quotes of its localpart. */
export function plainKey(key: string): string {
  if (!quoting.some((mark) => key.includes(mark))) return key;
  const { localpart, domain } = splitAddress(key);
  return joinAddress({ localpart: unquoteLocalpart(localpart), domain });
}

/** Writes a plain key without its extension; `undefined` when it has none. */
function withoutExtension(key: string, recipientDelimiter: string): string | undefined {
  const { localpart, domain } = splitAddress(key);
  const stripped = stripExtension(localpart, recipientDelimiter);
  return stripped === undefined ? undefined : joinAddress({ localpart: stripped, domain });
}
