/**
 * Fuzzes the decoders of both protocols: `npx tsx test/fuzz/decoders.ts [--seconds 60] [--seed N] [--keep]`.
 *
 * Streams are grown from the kept corpus and a small grammar by mutation; one that behaves in a way not seen before (other
 * events, another error) joins the population. Each is checked against the reference in random pieces, with random stops,
 * under random limits. A stream that fails is made as small as it still fails, added to test/property/corpus/, where the
 * property test replays it from then on, and ends the run with exit 1. `--keep` also adds what behaved in a new way.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkSocketmap, checkTcpTable, type Delivery } from "../support/decoder-check.ts";
import { cut } from "../support/wire-arbitraries.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    keep: { type: "boolean", default: false },
  },
});

interface Target {
  readonly folder: string;
  readonly check: typeof checkSocketmap;
  /** Pieces that streams are made of. */
  readonly words: readonly string[];
}

const keys = ["a@x", "", "jörg@münchen.example", '"two words"@x', "a\0b", "\ufeff", "😀"].map((text) =>
  Buffer.from(text).toString("latin1"),
);
const targets: readonly Target[] = [
  {
    folder: "netstring",
    check: checkSocketmap,
    words: [
      ...keys.map((key) => netstring(`senders ${key}`)),
      ...["", "no-space", " ", "m \xff", "\xff m"].map(netstring),
      ..."0123456789:, ",
      ...["30:", "31:", "10000:", "10001:", "00", "99999999999999999999", "GET / HTTP/1.1\r\n", "1:a;"],
    ],
  },
  {
    folder: "tcp-table",
    check: checkTcpTable,
    words: [
      ...keys.map((key) => `get ${key}\n`),
      ...[
        "get ",
        "\n",
        "\r\n",
        "%",
        "%4",
        "%41",
        "%C3%B6",
        "%ff",
        "%00",
        "%0A",
        "%zz",
        "%%",
        "get",
        "GET / HTTP/1.1\r\n",
      ],
      `get ${"%61".repeat(30)}\r\n`,
      "x".repeat(40),
    ],
  },
];

const random = mulberry32(Number(values.seed));
const deadline = Date.now() + 1000 * Number(values.seconds);
console.log(`seed ${values.seed}`);

for (const target of targets) mkdirSync(corpusUrl(target), { recursive: true });
const populations = targets.map((target) => ({ target, streams: readCorpus(target), seen: new Set<string>() }));
let count = 0;
let grown = 0;
while (Date.now() < deadline) {
  for (const { target, streams, seen } of populations) {
    const stream = mutate(pick(streams) ?? "", target, streams);
    const delivery = randomDelivery(stream);
    count++;
    const behaviour = attempt(target, delivery);
    if (behaviour instanceof Error) fail(target, stream, delivery, behaviour);
    else if (!seen.has(behaviour)) {
      seen.add(behaviour);
      streams.push(stream);
      grown++;
      if (values.keep)
        keep(
          target,
          shrink(stream, (smaller) => behaviourOf(target, delivery, smaller) === behaviour),
        );
    }
  }
}
console.log(`${count} streams checked, ${grown} behaved in a new way, none failed`);

/** Checks a stream; returns a short description of what it did, or the error that shows a defect. */
function attempt(target: Target, delivery: Delivery): string | Error {
  try {
    const { events, error, isOpen } = target.check(delivery);
    const kinds = events.slice(0, 2).map((event) => {
      if (event === null) return "-";
      return event === "" || (Array.isArray(event) && event.includes("")) ? "0" : "q";
    });
    return `${kinds.join("")} ${error ?? isOpen}`;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function behaviourOf(target: Target, { maxQueryBytes, goOn }: Delivery, stream: string): string | Error {
  return attempt(target, { chunks: [stream], maxQueryBytes, goOn });
}

function fail(target: Target, stream: string, { maxQueryBytes, goOn, chunks }: Delivery, error: Error): never {
  const failsAt = (smaller: string) =>
    [
      [smaller],
      [...smaller],
      cut(
        smaller,
        chunks.map((chunk) => chunk.length),
      ),
    ].some((pieces) => attempt(target, { chunks: pieces, maxQueryBytes, goOn }) instanceof Error);
  const smallest = failsAt(stream) ? shrink(stream, failsAt) : stream;
  const path = keep(target, smallest);
  console.error(`FAILED with maxQueryBytes ${maxQueryBytes}: ${JSON.stringify(smallest)}\nkept as ${path}`);
  console.error(error.stack);
  process.exit(1);
}

/** Takes pieces out of a stream as long as `holds` stays true. */
function shrink(stream: string, holds: (smaller: string) => boolean): string {
  let smallest = stream;
  for (let size = stream.length; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= smallest.length; ) {
      const smaller = smallest.slice(0, at) + smallest.slice(at + size);
      if (holds(smaller)) smallest = smaller;
      else at += size;
    }
  }
  return smallest;
}

function mutate(stream: string, target: Target, streams: readonly string[]): string {
  let mutated = random() < 0.1 ? "" : stream;
  for (let n = 1 + below(4); n > 0; n--) {
    const at = below(mutated.length + 1);
    const end = Math.min(mutated.length, at + below(8));
    const insert = [
      () => pick(target.words) ?? "",
      () => String.fromCharCode(below(256)),
      () => mutated.slice(at, end).repeat(below(4)),
      () => pick(streams) ?? "",
      () => "",
    ][below(5)] as () => string;
    mutated = mutated.slice(0, at) + insert() + mutated.slice(random() < 0.5 ? at : end);
  }
  return mutated.slice(0, 40_000);
}

function randomDelivery(stream: string): Delivery {
  const pattern = Array.from({ length: 1 + below(5) }, () => random() < 0.7);
  const largest = [1, 4, 30, 1000][below(4)] as number;
  const sizes = Array.from({ length: Math.min(stream.length, 2000) }, () => 1 + below(largest));
  return {
    chunks: cut(stream, random() < 0.2 ? [] : sizes),
    maxQueryBytes: [1, 9, 10, 30, 100, 10_000][below(6)] as number,
    goOn: (event) => pattern[event % pattern.length] as boolean,
  };
}

function keep(target: Target, stream: string): string {
  const name = createHash("sha256").update(stream, "latin1").digest("hex").slice(0, 12);
  writeFileSync(new URL(`${name}.bin`, corpusUrl(target)), stream, "latin1");
  return `test/property/corpus/${target.folder}/${name}.bin`;
}

function readCorpus(target: Target): string[] {
  return readdirSync(corpusUrl(target)).map((name) => readFileSync(new URL(name, corpusUrl(target)), "latin1"));
}

function corpusUrl(target: Target): URL {
  return new URL(`../property/corpus/${target.folder}/`, import.meta.url);
}

function netstring(payload: string): string {
  return `${payload.length}:${payload},`;
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[below(items.length)];
}

function below(limit: number): number {
  return Math.floor(random() * limit);
}

/** A small generator that a seed makes repeatable. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
