/**
 * The wire protocols once more, in the plainest way: the whole stream at once, as a string, with regular expressions.
 *
 * Slow and short, and not a line in common with `src/protocol`: what the two disagree about is wrong in one of them.
 * Streams are byte strings (one character per byte); events are in the notation of the vectors.
 */
import type { SocketmapEvent, TcpTableEvent } from "../vectors.ts";

/** What is found in a stream. `isOpen` means nothing after an error. */
export interface Reference<Event> {
  readonly events: readonly Event[];
  readonly error: string | undefined;
  readonly isOpen: boolean;
}

/** Finds the payloads in a stream of netstrings. */
export function referenceNetstrings(stream: string, limit: number): Reference<string> {
  const events: string[] = [];
  const end = (error: string | undefined, isOpen: boolean): Reference<string> => ({ events, error, isOpen });
  let rest = stream;
  while (rest !== "") {
    const digits = /^[0-9]*/.exec(rest)?.[0] ?? "";
    for (let n = 1; n <= digits.length; n++) {
      if (BigInt(digits.slice(0, n)) > BigInt(limit)) return end("ERR_NETSTRING_TOO_LARGE", false);
      if (n > `${limit}`.length) return end("ERR_NETSTRING_LENGTH", false);
    }
    const afterDigits = rest.slice(digits.length);
    if (afterDigits === "") return end(undefined, true);
    if (digits === "" || !afterDigits.startsWith(":")) return end("ERR_NETSTRING_LENGTH", false);
    const length = Number.parseInt(digits, 10);
    const body = afterDigits.slice(1);
    if (body.length <= length) return end(undefined, true);
    if (body[length] !== ",") return end("ERR_NETSTRING_TERMINATOR", false);
    events.push(body.slice(0, length));
    rest = body.slice(length + 1);
  }
  return end(undefined, false);
}

/** Finds the queries in a stream of socketmap. */
export function referenceSocketmap(stream: string, limit: number): Reference<SocketmapEvent> {
  const { events, ...end } = referenceNetstrings(stream, limit);
  return {
    ...end,
    events: events.map((payload) => {
      const [map, ...words] = payload.split(" ");
      return words.length === 0 ? null : [utf8(map as string), utf8(words.join(" "))];
    }),
  };
}

/** Finds the queries in a stream of tcp_table. */
export function referenceTcpTable(stream: string, limit: number): Reference<TcpTableEvent> {
  const events: TcpTableEvent[] = [];
  const end = (error: string | undefined, isOpen: boolean): Reference<TcpTableEvent> => ({ events, error, isOpen });
  const maxLine = 4 + 3 * limit + 2;
  let rest = stream;
  while (rest !== "") {
    const line = /^[^\n]*\n?/.exec(rest)?.[0] ?? "";
    const verb = line.slice(0, 4);
    if (!"get ".startsWith(verb)) return end("ERR_NOT_A_GET", false);
    if (line.length > maxLine || (line.length === maxLine && !line.endsWith("\n"))) {
      return end("ERR_LINE_TOO_LONG", false);
    }
    if (!line.endsWith("\n")) return end(undefined, true);
    const key = line.slice(4).replace(/\r?\n$/, "");
    if (!/^(?:[^%]|%[0-9A-Fa-f]{2})*$/.test(key)) {
      events.push(null);
    } else {
      const decoded = key.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      if (decoded.length > limit) return end("ERR_QUERY_TOO_LARGE", false);
      events.push(utf8(decoded));
    }
    rest = rest.slice(line.length);
  }
  return end(undefined, false);
}

function utf8(byteString: string): string {
  try {
    const bytes = Uint8Array.from(byteString, (byte) => byte.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}
