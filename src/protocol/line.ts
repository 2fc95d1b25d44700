/** Lines, the framing of tcp_table: everything up to a line feed. */
import type { Buffer } from "node:buffer";
import { ProtocolError } from "../model/errors.ts";
import type { FrameScanner } from "./frame-decoder.ts";

const lineFeed = 0x0a;

/**
 * Finds the ends of lines that all begin with the same word, and refuses others at the first byte that differs.
 *
 * So a client of another protocol (HTTP, TLS) is told before it has sent a line, and a request that a browser was tricked
 * into sending finds no query in its later lines.
 */
export class LineScanner implements FrameScanner {
  readonly maxFrameBytes: number;
  readonly headerBytes = 0;
  readonly trailerBytes = 1;
  readonly #prefix: string;
  /** Bytes of the current line that were looked at in earlier chunks. */
  #seen = 0;

  /**
   * @param maxLineBytes longest line that is let through, line feed included
   * @param prefix ASCII that every line begins with; empty for any line
   */
  constructor(maxLineBytes: number, prefix: string) {
    this.maxFrameBytes = maxLineBytes;
    this.#prefix = prefix;
  }

  /**
   * See `FrameScanner.scan`.
   *
   * @throws {ProtocolError} ERR_NOT_A_GET: a byte that differs from the prefix; ERR_LINE_TOO_LONG: no line feed within the limit
   */
  scan(bytes: Buffer, start: number, end: number): number {
    const lineStart = start - this.#seen;
    const prefixEnd = Math.min(end, lineStart + this.#prefix.length);
    for (let i = start; i < prefixEnd; i++) {
      if (bytes[i] !== this.#prefix.charCodeAt(i - lineStart)) {
        throw new ProtocolError("ERR_NOT_A_GET", "request does not begin with get");
      }
    }
    const limit = Math.min(end, lineStart + this.maxFrameBytes);
    for (let i = start; i < limit; i++) {
      if (bytes[i] === lineFeed) {
        this.#seen = 0;
        return i + 1;
      }
    }
    this.#seen = limit - lineStart;
    if (this.#seen === this.maxFrameBytes) throw new ProtocolError("ERR_LINE_TOO_LONG", "line too long");
    return -1;
  }
}
