import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { FrameDecoder } from "../../../src/protocol/frame-decoder.ts";
import { NetstringScanner } from "../../../src/protocol/netstring.ts";

interface Seen {
  readonly payload: string;
  /** The memory that the payload was read from. */
  readonly memory: Buffer;
}

/** A decoder of netstrings of at most 10000 bytes that writes down what it reads, and where; stops after `stopAt`. */
function setUp({ stopAfter = [] as readonly string[] } = {}) {
  const seen: Seen[] = [];
  const decoder = new FrameDecoder<undefined>(new NetstringScanner(10_000), (memory, start, end) => {
    const payload = memory.toString("latin1", start, end);
    seen.push({ payload, memory });
    return !stopAfter.includes(payload);
  });
  const push = (text: string): void => decoder.push(Buffer.from(text, "latin1"), text.length, undefined);
  return { decoder, seen, push, payloads: () => seen.map(({ payload }) => payload) };
}

describe("a whole frame", () => {
  test("is read where it lies in the caller's buffer", () => {
    const { decoder, seen } = setUp();
    const chunk = Buffer.from("1:a,2:bc,");
    decoder.push(chunk, chunk.length, undefined);
    expect(seen.map(({ memory }) => memory === chunk)).toEqual([true, true]);
    expect(decoder.heldBytes).toBe(0);
  });

  test("is read from bytes that are no Buffer too, without a copy", () => {
    const { decoder, seen } = setUp();
    const larger = new Uint8Array(16);
    larger.set(Buffer.from("1:a,"), 5);
    decoder.push(larger.subarray(5, 9), 4, undefined);
    expect(seen.map(({ payload, memory }) => [payload, memory.buffer === larger.buffer])).toEqual([["a", true]]);
  });

  test("ends at the length that the caller gives, not at the end of the buffer", () => {
    const { decoder, payloads } = setUp();
    decoder.push(Buffer.from("1:a,1:b,"), 4, undefined);
    expect(payloads()).toEqual(["a"]);
    expect(decoder.isMidFrame).toBe(false);
  });
});

describe("a split frame", () => {
  test("is mid-frame from its first byte to its last", () => {
    const { decoder, push } = setUp();
    const states = [..."1:a,"].map((byte) => {
      push(byte);
      return decoder.isMidFrame;
    });
    expect(states).toEqual([true, true, true, false]);
  });

  test("is kept in as much memory as has arrived, doubled as it grows, up to the longest frame", () => {
    const { decoder, push } = setUp();
    const held: number[] = [];
    push("10000:");
    held.push(decoder.heldBytes);
    for (const bytes of [250, 1, 255, 2000, 4000, 3494]) {
      push("x".repeat(bytes));
      held.push(decoder.heldBytes);
    }
    expect(held).toEqual([256, 256, 512, 512, 2512, 6512, 10_007]);
  });

  test("gives its memory back when it was long", () => {
    const { decoder, push, payloads } = setUp();
    push("2000:");
    push("x".repeat(2000));
    expect(decoder.heldBytes).toBeGreaterThan(1024);
    push(",");
    expect(decoder.heldBytes).toBe(0);
    push("3:a");
    push("bc,");
    expect(payloads()).toEqual(["x".repeat(2000), "abc"]);
  });

  test("keeps its memory for the next when it was short", () => {
    const { decoder, seen, push } = setUp();
    push("1:");
    push("a,1");
    push(":b,");
    expect(seen.map(({ payload }) => payload)).toEqual(["a", "b"]);
    expect(seen[0]?.memory).toBe(seen[1]?.memory);
    expect(decoder.heldBytes).toBe(256);
  });

  test("takes no byte of the frame after it into its memory", () => {
    const { decoder, push, payloads } = setUp();
    push("1:");
    push(`a,5000:${"x".repeat(5000)},`);
    expect(payloads()).toEqual(["a", "x".repeat(5000)]);
    expect(decoder.heldBytes).toBe(256);
  });
});

describe("a stop", () => {
  test("keeps what follows the frame, whatever the caller then does with its buffer", () => {
    const { decoder, payloads } = setUp({ stopAfter: ["a"] });
    const chunk = Buffer.from("1:a,1:b,1:c,");
    decoder.push(chunk, chunk.length, undefined);
    chunk.fill(0);
    expect(payloads()).toEqual(["a"]);
    expect(decoder.heldBytes).toBe(8);
    decoder.resume(undefined);
    expect(payloads()).toEqual(["a", "b", "c"]);
    expect(decoder.heldBytes).toBe(0);
  });

  test("may follow on a stop, frame by frame, without another copy", () => {
    const { decoder, seen, push, payloads } = setUp({ stopAfter: ["a", "b", "c"] });
    push("1:a,1:b,1:c,1:d,");
    decoder.resume(undefined);
    expect(payloads()).toEqual(["a", "b"]);
    decoder.resume(undefined);
    expect(payloads()).toEqual(["a", "b", "c"]);
    decoder.resume(undefined);
    expect(payloads()).toEqual(["a", "b", "c", "d"]);
    expect(new Set(seen.slice(1).map(({ memory }) => memory.buffer)).size).toBe(1);
  });

  test("at a split frame keeps what follows it", () => {
    const { decoder, push, payloads } = setUp({ stopAfter: ["ab"] });
    push("2:a");
    push("b,1:c,");
    expect(payloads()).toEqual(["ab"]);
    decoder.resume(undefined);
    expect(payloads()).toEqual(["ab", "c"]);
  });

  test("leaves a frame that had only begun to be ended by the next chunk", () => {
    const { decoder, push, payloads } = setUp({ stopAfter: ["a"] });
    push("1:a,3:b");
    expect(decoder.isMidFrame).toBe(false);
    decoder.resume(undefined);
    expect(decoder.isMidFrame).toBe(true);
    push("cd,");
    expect(payloads()).toEqual(["a", "bcd"]);
  });

  test("at the last frame of a chunk keeps nothing, and the next chunk may come at once", () => {
    const { decoder, push, payloads } = setUp({ stopAfter: ["a"] });
    push("1:a,");
    decoder.resume(undefined);
    push("1:b,");
    push("1:a,");
    push("1:c,");
    expect(payloads()).toEqual(["a", "b", "a", "c"]);
  });

  test("makes a push before resume an error, since bytes would change places", () => {
    const { push } = setUp({ stopAfter: ["a"] });
    push("1:a,1:b,");
    expect(() => push("1:c,")).toThrow("push before resume");
  });

  test("keeps a broken frame until resume, which reads nothing twice", () => {
    const { decoder, push, payloads } = setUp({ stopAfter: ["a"] });
    push("1:a,1:b,x");
    expect(() => decoder.resume(undefined)).toThrow(expect.objectContaining({ code: "ERR_NETSTRING_LENGTH" }));
    decoder.resume(undefined);
    expect(payloads()).toEqual(["a", "b"]);
    expect(decoder.heldBytes).toBe(0);
  });
});
