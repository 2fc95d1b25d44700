import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { negotiate, readHeader, readMacros, readSender } from "../../../src/protocol/milter-payload.ts";
import { offer, packetsIn } from "../../support/wire/milter-wire.ts";

/** Calls a reader with the data between other bytes, NULs among them. */
function within<Result>(data: string, read: (bytes: Buffer, start: number, end: number) => Result): Result {
  return read(Buffer.from(`x\0${data}\0x\0`, "latin1"), 2, 2 + data.length);
}

const answerTo = (version: number, steps: number) =>
  within(offer(version, 0x1ff, steps).slice(5), (bytes, start, end) => negotiate(bytes, start, end));

describe("negotiate", () => {
  test("asks Postfix for MAIL and the header alone, and answers no header", () => {
    const { reply, answersHeaders } = answerTo(6, 0x1fffff);

    // connect, helo, recipient, body, no reply to headers, unknown, data
    const steps = 0x01 | 0x02 | 0x08 | 0x10 | 0x80 | 0x100 | 0x200;
    expect(reply).toBe(offer(6, 0, steps));
    expect(answersHeaders).toBe(false);
  });

  test.each([
    [2, 0x7f, 2, 0x1b],
    [4, 0x3ff, 4, 0x39b],
    [7, 0xffffffff, 6, 0x39b],
    [6, 0, 6, 0],
  ])("version %i with steps %i: answers version %i with steps %i", (version, steps, answered, taken) => {
    expect(answerTo(version, steps)).toEqual({
      reply: offer(answered, 0, taken),
      answersHeaders: (taken & 0x80) === 0,
    });
  });

  test("ignores what a later version may add", () => {
    const data = `${offer(6, 0, 0).slice(5)}more`;

    expect(within(data, negotiate).reply).toBe(offer(6, 0, 0));
  });

  test("speaks no version before 2", () => {
    expect(() => answerTo(1, 0x7f)).toThrow(expect.objectContaining({ code: "ERR_MILTER_VERSION" }));
  });

  test("takes nothing for an offer that is shorter", () => {
    expect(() => within("\0\0\0\x06\0\0\0\0\0\0\0", negotiate)).toThrow(
      expect.objectContaining({ code: "ERR_MILTER_PAYLOAD" }),
    );
  });

  test("is a packet", () => {
    expect(packetsIn(answerTo(6, 0).reply)).toEqual([{ command: "O", data: "\0\0\0\x06\0\0\0\0\0\0\0\0" }]);
  });
});

describe("readMacros", () => {
  const read = (data: string, names: readonly string[]) =>
    within(data, (bytes, start, end) => readMacros(bytes, start, end, names));

  test("finds the values by their names", () => {
    const data = "M{auth_type}\0PLAIN\0{auth_authen}\0bob\0{mail_addr}\0\0i\x004X\0";

    expect(read(data, ["{auth_authen}", "i", "{mail_addr}", "{none}"])).toEqual(["bob", "4X", "", undefined]);
    expect(read("C", ["i"])).toEqual([undefined]);
  });

  test("reads UTF-8, and what is none as U+FFFD", () => {
    expect(read("M{auth_authen}\0j\xc3\xb6rg\0i\0\xff\0", ["{auth_authen}", "i"])).toEqual(["j\u00f6rg", "\ufffd"]);
  });

  test.each(["", "Mi", "Mi\0", "Mi\x004X", "Mi\x004X\0j"])("refuses %j", (data) => {
    expect(() => read(data, ["i"])).toThrow(expect.objectContaining({ code: "ERR_MILTER_PAYLOAD" }));
  });
});

describe("readSender", () => {
  test.each([
    ["<bob@x>\0", "bob@x"],
    ["<bob@x>\0SIZE=10\0BODY=8BITMIME\0", "bob@x"],
    ["<>\0", ""],
    ["bob@x\0", "bob@x"],
    ["\0", ""],
  ])("%j is %j", (data, sender) => {
    expect(within(data, readSender)).toBe(sender);
  });

  test.each(["", "<bob@x>"])("refuses %j", (data) => {
    expect(() => within(data, readSender)).toThrow(expect.objectContaining({ code: "ERR_MILTER_PAYLOAD" }));
  });
});

describe("readHeader", () => {
  const read = (data: string) => within(data, (bytes, start, end) => readHeader(bytes, start, end, wanted));
  const wanted = {
    isLength: (length: number) => length === 4,
    named: (name: string) => (name === "From" ? "from" : undefined),
  };

  test("reads a field that is wanted, folds and all", () => {
    expect(read("From\0Bob\n <bob@x>\0")).toEqual({ name: "from", value: "Bob\n <bob@x>" });
    expect(read("From\0\0")).toEqual({ name: "from", value: "" });
  });

  test("leaves out the blanks that may stand before the colon", () => {
    expect(read("From \t\0bob@x\0")).toEqual({ name: "from", value: "bob@x" });
    expect(read("From\xa0\0bob@x\0")).toEqual({ name: "from", value: "bob@x" });
    expect(read(" \0bob@x\0")).toBeUndefined();
  });

  test("reads no value that nobody wants", () => {
    expect(read("Subject\0From: boss@x\0")).toBeUndefined();
    expect(read("Date\0From: boss@x\0")).toBeUndefined();
  });

  test.each(["", "From", "From\0", "From\0bob@x", "From\0bob@x\0more", "From\0bob@x\0more\0"])("refuses %j", (data) => {
    expect(() => read(data)).toThrow(expect.objectContaining({ code: "ERR_MILTER_PAYLOAD" }));
  });
});
