/** What fast-check makes streams of: frames, nearly frames, and noise, in whatever pieces. All as byte strings. */
import fc from "fast-check";
import type { Delivery } from "./decoder-check.ts";
import { packet } from "./milter-wire.ts";

const noise = fc.string({ unit: fc.nat(255).map((byte) => String.fromCharCode(byte)), maxLength: 20 });
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 8 }).map((unicode) => Buffer.from(unicode).toString("latin1")),
  noise,
);
const key = fc.oneof(
  text,
  fc.tuple(text, text).map(([local, domain]) => `${local}@${domain}`),
);
const map = fc.oneof(fc.constant("senders"), fc.constantFrom("sendera", "s", ""), text);

/** A stream of socketmap: frames, frames with one byte changed or lost, lengths without end, noise. */
export const socketmapStream = streamOf(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(map, key).map(([name, sought]) => netstring(`${name} ${sought}`)) },
    { weight: 1, arbitrary: text.map(netstring) },
    { weight: 1, arbitrary: text.map((payload) => `0${netstring(payload)}`) },
    { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(..."0123456789:,"), maxLength: 8 }) },
    { weight: 1, arbitrary: noise },
  ),
);

/** A stream of tcp_table: lines, lines with one byte changed or lost, bad escapes, noise. */
export const tcpTableStream = streamOf(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(key, fc.constantFrom("\n", "\r\n")).map(([sought, end]) => `get ${sought}${end}`),
    },
    { weight: 4, arbitrary: key.map((sought) => `get ${escapeSome(sought)}\n`) },
    {
      weight: 2,
      arbitrary: fc.string({ unit: fc.constantFrom(..."%0aFg \r\n"), maxLength: 9 }).map((s) => `get ${s}\n`),
    },
    { weight: 1, arbitrary: noise },
  ),
);

/** A stream of a milter: packets, packets with one byte changed or lost, lengths without end, noise. */
export const milterStream = streamOf(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constantFrom(..."ABCDEHKLMNOQRTU"), milterData()).map((pair) => packet(...pair)),
    },
    { weight: 1, arbitrary: text.map((data) => packet("Z", data)) },
    { weight: 1, arbitrary: fc.constantFrom("\0\0\0\0", "\0\x10\0\x01", "\xff\xff\xff\xff", "\0\x10\0\0L") },
    { weight: 1, arbitrary: noise },
  ),
);

function milterData(): fc.Arbitrary<string> {
  const fields = fc.array(text, { maxLength: 4 }).map((parts) => parts.map((part) => `${part}\0`).join(""));
  return fc.oneof(
    fields,
    fields.map((data) => `M${data}`),
    text,
  );
}

/** A stream in random pieces, under a random limit, with stops at random events. */
export function deliveryOf(stream: fc.Arbitrary<string>): fc.Arbitrary<Delivery> {
  return fc
    .tuple(stream, fc.array(fc.nat(64)), fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(10_000)), goOns)
    .map(([whole, sizes, maxQueryBytes, goOn]) => ({ chunks: cut(whole, sizes), maxQueryBytes, goOn }));
}

const goOns = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }).map((pattern) => {
  return (event: number) => pattern[event % pattern.length] as boolean;
});

/** Cuts a stream into pieces of these sizes, and the rest. */
export function cut(whole: string, sizes: readonly number[]): string[] {
  const chunks: string[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= whole.length) break;
    chunks.push(whole.slice(at, at + size));
    at += size;
  }
  return at < whole.length ? [...chunks, whole.slice(at)] : chunks;
}

/** Frames a payload. */
export function netstring(payload: string): string {
  return `${payload.length}:${payload},`;
}

function escapeSome(byteString: string): string {
  return byteString.replace(/[^a-m0-4]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function streamOf(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const damaged = fc.tuple(piece, fc.nat(), fc.option(noise)).map(([frame, place, instead]) => {
    const at = place % (frame.length + 1);
    return frame.slice(0, at) + (instead ?? "") + frame.slice(at + 1);
  });
  return fc
    .array(fc.oneof({ weight: 8, arbitrary: piece }, { weight: 1, arbitrary: damaged }), { maxLength: 8 })
    .map((pieces) => pieces.join(""));
}
