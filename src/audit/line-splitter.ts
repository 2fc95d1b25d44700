/** Cuts chunks of a log into lines, in bounded memory whatever the file holds. */

const newline = 0x0a;
// Postfix writes 2000 bytes at most (msg_vprintf), rsyslog cuts at 8 KiB.
const maxLineBytes = 65_536;

/**
 * Cuts a byte stream into lines, as text with one character for each byte: log lines are looked at before it is known that
 * they are UTF-8.
 *
 * The newline is cut off. A line longer than 64 KiB is dropped. The last line counts without its newline.
 */
export class LineSplitter {
  readonly #emit: (line: string) => void;
  #rest = "";
  #isTooLong = false;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = this.#rest + chunk.toString("latin1", start, end);
      if (!this.#isTooLong && line.length <= maxLineBytes) this.#emit(line);
      this.#rest = "";
      this.#isTooLong = false;
      start = end + 1;
    }
    if (start === chunk.length || this.#isTooLong) return;
    this.#rest += chunk.toString("latin1", start, chunk.length);
    if (this.#rest.length <= maxLineBytes) return;
    this.#rest = "";
    this.#isTooLong = true;
  }

  end(): void {
    if (this.#rest !== "" && !this.#isTooLong) this.#emit(this.#rest);
    this.#rest = "";
  }
}
