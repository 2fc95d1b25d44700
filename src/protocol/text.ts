/**
 * Bytes ⇅ text, as both protocols need it.
 *
 * A *byte string* holds one byte per character (latin1). Replies are kept in that form, since a socket writes it faster
 * than a Buffer and its length is its length on the wire.
 */
import { Buffer, isUtf8 } from "node:buffer";

/**
 * Cuts `bytes[start, end)` out as text, in a string of its own that hashes fast and keeps no longer one alive.
 *
 * @returns `undefined` when the bytes are not UTF-8
 */
export function decodeText(bytes: Buffer, start: number, end: number): string | undefined {
  let bits = 0;
  for (let i = start; i < end; i++) bits |= bytes[i] as number;
  if (bits < 0x80) return bytes.toString("latin1", start, end);
  if (!isUtf8(bytes.subarray(start, end))) return undefined;
  return bytes.toString("utf8", start, end);
}

const nonAscii = /[^\0-\x7f]/;

/** Spells text in UTF-8, as a byte string. */
export function toByteString(text: string): string {
  return nonAscii.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/**
 * Copies a byte string into one piece.
 *
 * Concatenation leaves a tree of strings, which every later write would walk and which keeps its parts in memory.
 */
export function flatten(byteString: string): string {
  return Buffer.from(byteString, "latin1").toString("latin1");
}

const percentCode = 0x25;
// What tcp_table(5) ENCODING wants escaped: `%`, white space and what does not print. `!` to `~` but `%` is the rest.
const escaped = /[^!-$&-~]/g;

/** Escapes a byte string for tcp_table: `%`, white space, control and non-ASCII bytes as `%XX` (tcp_table(5) ENCODING). */
export function percentEncode(byteString: string): string {
  return byteString.replace(escaped, percentEscape);
}

function percentEscape(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Tells whether `bytes[start, end)` holds a `%`, that is whether it must be decoded before it can be read. */
export function hasPercent(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === percentCode) return true;
  return false;
}

/**
 * Takes the `%XX` escapes out of `bytes[start, end)`; hexadecimal digits of either case, and any other byte stands for
 * itself (hex_quote.c, hex_unquote).
 *
 * @returns `undefined` when a `%` is not followed by two hexadecimal digits
 */
export function percentDecode(bytes: Buffer, start: number, end: number): Buffer | undefined {
  const decoded = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let i = start; i < end; i++) {
    let byte = bytes[i] as number;
    if (byte === percentCode) {
      if (end - i < 3) return undefined;
      byte = (hexValue(bytes[i + 1] as number) << 4) | hexValue(bytes[i + 2] as number);
      if (byte < 0) return undefined;
      i += 2;
    }
    decoded[length++] = byte;
  }
  return decoded.subarray(0, length);
}

/** @returns -1 for what is no hexadecimal digit: it stays negative when it is shifted or joined with another. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
