/** Encoded words of header fields (RFC 2047): what a program reads that decodes a field before it takes it apart. */
import { TextDecoder } from "node:util";

// Wider than the grammar, since mail programs are: any charset with or without a language (RFC 2231), raw specials in the text.
const encodedWord = /=\?([^?\s]{1,60})\?([bq])\?([^?\n]*)\?=/gi;
// Blanks between two encoded words are not shown (RFC 2047 section 6.2).
const between = /(=\?[^?\s]{1,60}\?[bq]\?[^?\n]*\?=)\s+(?==\?)/gi;

/** Whether something looks like an encoded word, even a broken one. */
export function holdsEncodedWord(text: string): boolean {
  return text.includes("=?");
}

/** Takes the wrapping off encoded words and leaves what stands in it, blanks around: for programs that do not know them. */
export function withoutWrappers(field: string): string {
  return holdsEncodedWord(field) ? field.replace(encodedWord, " $3 ") : field;
}

/** A field with its encoded words decoded. */
export interface DecodedField {
  readonly text: string;
  /** What the encoded words alone say, joined. */
  readonly words: string;
}

/** Decodes every encoded word where it stands, as careless programs do before they look for addresses. Never fails. */
export function decodeEncodedWords(field: string): DecodedField {
  let words = "";
  const decoders = new Map<string, TextDecoder | undefined>();
  const text = field
    .replace(between, "$1")
    .replace(encodedWord, (_, charset: string, encoding: string, raw: string) => {
      const decoded = decodeBytes(
        decoderFor(charset, decoders),
        encoding.toLowerCase() === "b" ? fromBase64(raw) : fromQ(raw),
      );
      words += decoded;
      return decoded;
    });
  return { text, words };
}

function fromBase64(text: string): Uint8Array {
  // Ends at the first character that is no base64, as the decoders of mail programs do.
  return Buffer.from(text, "base64");
}

function fromQ(text: string): Uint8Array {
  const bytes = text
    .replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  // Characters that have no business in there stay what they are, as far as a byte goes.
  return Buffer.from(bytes, "latin1");
}

function decodeBytes(decoder: TextDecoder | undefined, bytes: Uint8Array): string {
  // Of a charset that nobody knows programs show the ASCII, and nothing else matters here.
  return decoder === undefined ? Buffer.from(bytes).toString("latin1") : decoder.decode(bytes);
}

/** Keeps one decoder for each charset of a field, since making one takes longer than decoding a word. */
function decoderFor(charset: string, decoders: Map<string, TextDecoder | undefined>): TextDecoder | undefined {
  const [name] = charset.split("*", 1) as [string];
  if (!decoders.has(name)) decoders.set(name, openDecoder(name));
  return decoders.get(name);
}

function openDecoder(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset);
  } catch {
    // RangeError: no such charset.
    return undefined;
  }
}
