/**
 * Cuts the byte stream of one connection into frames, wherever the network cut it.
 *
 * A whole frame is read where it lies in the caller's buffer. Only a frame that the chunk does not hold to its end is
 * copied, and only as many bytes of it as have arrived: a length that a peer merely declares costs nothing.
 * Knows none of the protocols: a scanner finds the end of a frame, a reader makes something of its payload.
 */
import { Buffer } from "node:buffer";

/** Finds the ends of frames in a stream that it is shown piece by piece, each byte once. */
export interface FrameScanner {
  /** Longest frame that it lets pass, in bytes with its framing. */
  readonly maxFrameBytes: number;
  /** How many bytes of the frame that has just ended come before its payload. */
  readonly headerBytes: number;
  /** How many bytes, its terminator, follow the payload. */
  readonly trailerBytes: number;
  /**
   * Looks at the next bytes of the stream, `bytes[start, end)`.
   *
   * @returns the offset just past the frame, or -1 when it goes on beyond `end`
   * @throws {ProtocolError} at the first byte that breaks the framing or passes the limit, however the stream was cut
   */
  scan(bytes: Buffer, start: number, end: number): number;
}

/**
 * Reads the payload `bytes[start, end)` of one frame and tells the sink. What it keeps it must copy.
 *
 * @returns whether to go on, as the sink said
 */
export type PayloadReader<Sink> = (bytes: Buffer, start: number, end: number, sink: Sink) => boolean;

const empty = Buffer.alloc(0);
// Room for most split frames at once: a socketmap query of a usual address has some 30 to 60 bytes.
const initialCarryBytes = 256;
// A connection that once sent a long frame in pieces does not keep the room for it while it is idle.
const keptCarryBytes = 1024;

/** A decoder made of a scanner and a reader; see `Decoder` for what the calls promise. */
export class FrameDecoder<Sink> {
  readonly #scanner: FrameScanner;
  readonly #read: PayloadReader<Sink>;
  /** The beginning of a frame whose end has not arrived: `#carry[0, #carried)`. */
  #carry = empty;
  #carried = 0;
  /** What follows the frame at which the sink said stop. */
  #rest = empty;

  constructor(scanner: FrameScanner, read: PayloadReader<Sink>) {
    this.#scanner = scanner;
    this.#read = read;
  }

  /**
   * Takes `chunk[0, length)`; see `Decoder.push`.
   *
   * @throws {ProtocolError} when the framing is broken or a limit is passed
   * @throws {Error} when the sink had said stop and `resume` was not called: bytes would change places
   */
  push(chunk: Uint8Array, length: number, sink: Sink): void {
    if (this.#rest.length > 0) throw new Error("push before resume");
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const stop = this.#run(bytes, length, sink);
    if (stop < length) this.#rest = Buffer.from(bytes.subarray(stop, length));
  }

  /**
   * Goes on with what was kept; see `Decoder.resume`. Without anything kept it does nothing.
   *
   * @throws {ProtocolError} as `push`
   */
  resume(sink: Sink): void {
    const rest = this.#rest;
    this.#rest = empty;
    this.#rest = rest.subarray(this.#run(rest, rest.length, sink));
  }

  /** Whether a frame has begun whose end the peer has still to send. Bytes kept at a stop wait for us and do not count. */
  get isMidFrame(): boolean {
    return this.#carried > 0;
  }

  /** How many bytes of memory it holds. */
  get heldBytes(): number {
    return this.#carry.length + this.#rest.length;
  }

  /** Reads frames from `bytes[0, end)`; returns where the sink said stop, else `end`. */
  #run(bytes: Buffer, end: number, sink: Sink): number {
    const scanner = this.#scanner;
    let start = 0;
    while (start < end) {
      const stop = scanner.scan(bytes, start, end);
      if (stop === -1) {
        this.#keep(bytes, start, end);
        return end;
      }
      const goOn =
        this.#carried === 0
          ? this.#read(bytes, start + scanner.headerBytes, stop - scanner.trailerBytes, sink)
          : this.#readCarried(bytes, start, stop, sink);
      start = stop;
      if (!goOn) return start;
    }
    return end;
  }

  /** Reads the frame that began in an earlier chunk and ends with `bytes[start, stop)`. */
  #readCarried(bytes: Buffer, start: number, stop: number, sink: Sink): boolean {
    this.#keep(bytes, start, stop);
    const frame = this.#carry;
    const length = this.#carried;
    this.#carried = 0;
    if (frame.length > keptCarryBytes) this.#carry = empty;
    return this.#read(frame, this.#scanner.headerBytes, length - this.#scanner.trailerBytes, sink);
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const needed = this.#carried + end - start;
    if (needed > this.#carry.length) {
      const doubled = Math.max(initialCarryBytes, 2 * this.#carry.length, needed);
      const grown = Buffer.allocUnsafeSlow(Math.min(doubled, this.#scanner.maxFrameBytes));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start, end);
    this.#carried = needed;
  }
}
