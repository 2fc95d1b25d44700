/**
 * Hands what a connection receives to its driver a little at a time, each time when it is asked to.
 *
 * mysql2 takes apart whatever one read of a socket gave in one go: of a listing 64 kB, a thousand rows, and no lookup is answered
 * in these two milliseconds. Pausing the driver does not help: it copies what it has not handed out yet, which keeps V8 busy.
 */
import type { Duplex } from "node:stream";

// Some sixty rows of a listing: 0.1 ms of work.
const pieceBytes = 4096;

const eventsOfChange = ["readable", "end", "close", "error"];

/** The reads of one connection, taken over from its driver until they are given back. */
export class PacedReads {
  readonly #stream: Duplex;
  readonly #readers: readonly ((bytes: Buffer) => void)[];
  #onChange: () => void = () => {};
  // A stream with such a listener gives nothing by itself, whoever resumes it.
  readonly #changed = (): void => this.#onChange();

  /** @param stream what the driver reads: the socket, or TLS on top of it */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#readers = stream.listeners("data") as ((bytes: Buffer) => void)[];
    for (const event of eventsOfChange) stream.on(event, this.#changed);
    stream.removeAllListeners("data");
  }

  /** Hands the next piece to the driver. @returns whether there was one */
  feed(): boolean {
    const bytes = this.#stream.read(Math.min(pieceBytes, this.#stream.readableLength)) as Buffer | null;
    if (bytes === null) return false;
    for (const reader of this.#readers) reader(bytes);
    return true;
  }

  /** Waits until there may be another piece, or there will be none: the stream has then ended or failed, and its driver knows. */
  arrives(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  /** Lets the driver read by itself again, what has come meanwhile included. */
  giveBack(): void {
    for (const event of eventsOfChange) this.#stream.off(event, this.#changed);
    for (const reader of this.#readers) this.#stream.on("data", reader);
    this.#stream.resume();
  }
}
