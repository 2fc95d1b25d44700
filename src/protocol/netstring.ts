/** Netstrings, the framing of socketmap: `<decimal length>:<payload>,`. */
import type { Buffer } from "node:buffer";
import { ProtocolError } from "../model/errors.ts";
import type { FrameScanner } from "./frame-decoder.ts";

const zero = 0x30;
const colon = 0x3a;
const comma = 0x2c;

/**
 * Finds the ends of netstrings and refuses anything else at the first byte that shows it.
 *
 * The length counts the bytes of the payload. Leading zeros are taken, as Postfix takes them (netstring.c), but only up to
 * as many digits as the limit has, so that a length cannot go on for ever; a length over the limit is refused at the digit
 * that passes it. A length without digits, which Postfix reads as 0, is refused.
 *
 * @see https://cr.yp.to/proto/netstrings.txt
 */
export class NetstringScanner implements FrameScanner {
  readonly maxFrameBytes: number;
  readonly #maxPayloadBytes: number;
  readonly #maxDigits: number;
  /** Digits and colon of the current frame, once the colon has been seen. */
  headerBytes = 0;
  readonly trailerBytes = 1;
  #digits = 0;
  #length = 0;
  /** Bytes of payload and terminator that are still to come; 0 while the length is being read. */
  #missing = 0;

  /** @param maxPayloadBytes longest payload that is let through */
  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#maxDigits = String(maxPayloadBytes).length;
    this.maxFrameBytes = this.#maxDigits + maxPayloadBytes + 2;
  }

  /**
   * See `FrameScanner.scan`.
   *
   * @throws {ProtocolError} ERR_NETSTRING_LENGTH: no digits, too many, or another byte among them;
   *   ERR_NETSTRING_TOO_LARGE: a length over the limit; ERR_NETSTRING_TERMINATOR: no comma after the payload
   */
  scan(bytes: Buffer, start: number, end: number): number {
    const payload = this.#missing === 0 ? this.#scanLength(bytes, start, end) : start;
    if (payload === -1) return -1;
    const stop = payload + this.#missing;
    if (stop > end) {
      this.#missing = stop - end;
      return -1;
    }
    if (bytes[stop - 1] !== comma) {
      throw new ProtocolError("ERR_NETSTRING_TERMINATOR", "netstring does not end with a comma");
    }
    this.#missing = 0;
    return stop;
  }

  /** Reads digits up to the colon and sets `#missing`; returns the offset after the colon, or -1 when it has not come. */
  #scanLength(bytes: Buffer, start: number, end: number): number {
    let length = this.#length;
    let digits = this.#digits;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte === colon && digits > 0) {
        this.#length = 0;
        this.#digits = 0;
        this.headerBytes = digits + 1;
        this.#missing = length + 1;
        return i + 1;
      }
      const digit = byte - zero;
      if (digit < 0 || digit > 9)
        throw new ProtocolError("ERR_NETSTRING_LENGTH", "netstring does not begin with a length");
      length = length * 10 + digit;
      if (length > this.#maxPayloadBytes) throw new ProtocolError("ERR_NETSTRING_TOO_LARGE", "netstring too long");
      if (++digits > this.#maxDigits)
        throw new ProtocolError("ERR_NETSTRING_LENGTH", "netstring length has too many digits");
    }
    this.#length = length;
    this.#digits = digits;
    return -1;
  }
}

/** Frames a byte string (one byte per character) as a netstring. */
export function formatNetstring(payload: string): string {
  return `${payload.length}:${payload},`;
}
