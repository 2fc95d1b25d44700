/** Remembers how fields were read: a mail program writes the same `From:` on every message. */
import { addressesIn } from "./address-field.ts";

/** Reads a field; see `addressesIn`. */
export type ReadField = (value: string) => readonly string[] | undefined;

// A quarter of a megabyte in all; the fields of people have some 40 characters.
const maxFields = 1024;
const maxFieldChars = 256;

/** Makes a reader that gives the same as `addressesIn`, and of the fields read last at once. */
export function rememberingReader(): ReadField {
  const known = new Map<string, readonly string[] | undefined>();
  return (value) => {
    const remembered = known.get(value);
    if (remembered !== undefined || known.has(value)) return remembered;
    const addresses = addressesIn(value);
    if (value.length > maxFieldChars) return addresses;
    if (known.size >= maxFields) {
      // The one read first: a map keeps the order of its keys. Somebody who makes up fields costs others one reading each.
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    known.set(value, addresses);
    return addresses;
  };
}
