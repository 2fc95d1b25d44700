/**
 * Standard error as a place for log lines, which takes them or does not, but neither waits nor throws.
 *
 * Who reads it may hang, and a disk below it may be full: neither may keep a daemon from its work.
 */
import { fstatSync, writeSync } from "node:fs";

/** Takes whole lines. */
export interface LineSink {
  /** @returns whether the line was taken; one that was not is lost */
  write(line: string): boolean;
}

const stderrFd = 2;
// What waits for a reader that is slow: some 5,000 lines.
const maxWaitingBytes = 1_048_576;

/** Opens standard error as what it is: a pipe or socket, which may be full, or a file or terminal. */
export function openStderr(): LineSink {
  const stats = tryStat();
  if (stats === undefined) return { write: () => false };
  return stats.isFIFO() || stats.isSocket() ? new StreamSink(process.stderr) : new FileSink(stderrFd);
}

function tryStat() {
  try {
    return fstatSync(stderrFd);
  } catch {
    // It was closed before the program began.
    return undefined;
  }
}

/** The part of a stream that is used here. */
export interface WaitingStream {
  readonly writableLength: number;
  write(text: string): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** A pipe or socket: what its reader does not take at once waits in memory, up to a bound. */
export class StreamSink implements LineSink {
  readonly #stream: WaitingStream;
  #isBroken = false;

  constructor(stream: WaitingStream) {
    this.#stream = stream;
    // The reader is gone for good.
    stream.on("error", () => {
      this.#isBroken = true;
    });
  }

  write(line: string): boolean {
    if (this.#isBroken || this.#stream.writableLength > maxWaitingBytes) return false;
    this.#stream.write(line);
    return true;
  }
}

/** A file or terminal: a line is written when `write` returns. */
export class FileSink implements LineSink {
  readonly #fd: number;
  /** The file ends in the middle of a line. */
  #isTorn = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): boolean {
    // Whoever reads the file line by line must not take the rest of one for the begin of the next.
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
      this.#isTorn = false;
      return true;
    } catch {
      // ENOSPC, EDQUOT, EIO …: told when writing works again.
      this.#isTorn ||= written > 0;
      return false;
    }
  }
}
