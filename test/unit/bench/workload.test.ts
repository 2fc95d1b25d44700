import { describe, expect, test } from "vitest";
import {
  addressOf,
  constantReply,
  drawSequence,
  isWholeReply,
  queryText,
  replyText,
  type Workload,
} from "../../bench/workload.ts";

const workload: Workload = { population: "mailbox", first: 0, count: 1000, order: "walk", repeat: 1 };

describe("addresses", () => {
  test("are a function of their number and all 26 characters long", () => {
    expect(addressOf("mailbox", 0)).toBe("user0000000@host00.invalid");
    expect(addressOf("mailbox", 1_234_567)).toBe("user1234567@host67.invalid");
    expect(addressOf("nobody", 42)).toBe("none0000042@host42.invalid");
    expect(addressOf("foreign", 42)).toBe("user0000042@away42.invalid");
  });
});

describe("texts on the wire", () => {
  test("are what Postfix sends and loginmapd answers", () => {
    const key = "user0000007@host07.invalid";
    expect(queryText("socketmap", key)).toBe("34:senders user0000007@host07.invalid,");
    expect(replyText("socketmap", "mailbox", key)).toBe("29:OK user0000007@host07.invalid,");
    expect(replyText("socketmap", "foreign", key)).toBe("9:NOTFOUND ,");
    expect(queryText("tcp_table", key)).toBe("get user0000007@host07.invalid\n");
    expect(replyText("tcp_table", "mailbox", key)).toBe("200 user0000007@host07.invalid\n");
    expect(replyText("tcp_table", "nobody", key)).toBe("500 ");
  });

  test("of a constant server are those of the first mailbox", () => {
    expect(constantReply("socketmap")).toBe("29:OK user0000000@host00.invalid,");
  });

  test.each([
    ["socketmap", "9:NOTFOUND ,", true],
    ["socketmap", "9:NOTFOUND ", false],
    ["socketmap", "9", false],
    ["tcp_table", "500 no\n", true],
    ["tcp_table", "500 no", false],
  ] as const)("%s %j is whole: %j", (protocol, text, isWhole) => {
    expect(isWholeReply(protocol, text)).toBe(isWhole);
  });
});

describe("the order of keys", () => {
  test("walks through every key once", () => {
    expect([...drawSequence({ ...workload, count: 4 }, 1)]).toEqual([0, 1, 2, 3]);
  });

  test("is the same for the same seed and another for another", () => {
    const draw = (seed: number) => [...drawSequence({ ...workload, order: "uniform" }, seed).subarray(0, 8)];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test("reaches every key about equally often when uniform", () => {
    const counts = new Map<number, number>();
    for (const place of drawSequence({ ...workload, count: 16, order: "uniform" }, 1)) {
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    expect(counts.size).toBe(16);
    for (const count of counts.values()) expect(Math.abs(count / 16_384 - 1)).toBeLessThan(0.05);
  });

  test("asks the first key as often as a zipf law with exponent 1.1 says", () => {
    const sequence = drawSequence({ ...workload, count: 100_000, order: 1.1 }, 1);
    const share = sequence.filter((place) => place === 0).length / sequence.length;
    // 1 / (sum of k^-1.1 for k = 1 to 100,000) = 1 / 7.4222
    expect(Math.abs(share - 0.1347)).toBeLessThan(0.003);
    expect(Math.max(...sequence.subarray(0, 50_000))).toBeLessThan(100_000);
  });
});
