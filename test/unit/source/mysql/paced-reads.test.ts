/** What a driver gets of its connection while somebody else sets the pace. */
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { PacedReads } from "../../../../src/source/mysql/paced-reads.ts";

/** A connection that receives what it is told to, and a driver that notes what it gets. */
function connection() {
  const stream = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  const got: Buffer[] = [];
  stream.on("data", (bytes: Buffer) => got.push(bytes));
  return { stream, got };
}

function someBytes(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => i % 251));
}

describe("reads that are taken over", () => {
  test("give the driver one small piece each time, all of it, in order", async () => {
    const { stream, got } = connection();
    const reads = new PacedReads(stream);
    const sent = someBytes(70_000);
    const arrival = reads.arrives();
    stream.push(sent.subarray(0, 65_536));
    stream.push(sent.subarray(65_536));
    await arrival;
    expect(got).toEqual([]);
    expect(reads.feed()).toBe(true);
    expect(got).toHaveLength(1);
    while (reads.feed()) {
      // One after the other.
    }
    expect(Math.max(...got.map(({ length }) => length))).toBeLessThanOrEqual(4096);
    expect(Buffer.concat(got).equals(sent)).toBe(true);
  });

  test("have nothing to give until something comes", async () => {
    const { stream, got } = connection();
    const reads = new PacedReads(stream);
    expect(reads.feed()).toBe(false);
    const arrival = reads.arrives();
    stream.push("abc");
    await arrival;
    expect(reads.feed()).toBe(true);
    expect(reads.feed()).toBe(false);
    expect(String(Buffer.concat(got))).toBe("abc");
  });

  test.each([
    ["ends", (stream: Duplex) => stream.push(null)],
    ["fails", (stream: Duplex) => stream.destroy(new Error("reset"))],
    ["is closed", (stream: Duplex) => stream.destroy()],
  ])("wait no longer when the connection %s", async (_what, happens) => {
    const { stream, got } = connection();
    stream.on("error", () => undefined);
    const reads = new PacedReads(stream);
    const arrival = reads.arrives();
    happens(stream);
    await arrival;
    expect(reads.feed()).toBe(false);
    expect(got).toEqual([]);
  });

  test("are the driver's own again when they are given back, with what has come meanwhile", async () => {
    const { stream, got } = connection();
    const reads = new PacedReads(stream);
    stream.push("before ");
    reads.giveBack();
    stream.push("after");
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(Buffer.concat(got))).toBe("before after");
    expect(reads.feed()).toBe(false);
  });
});
