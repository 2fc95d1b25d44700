import { describe, expect, test } from "vitest";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { absent, type Failure, Found, foreign, malformed } from "../../../src/model/reply.ts";
import { tcpTable } from "../../../src/protocol/tcp-table.ts";
import { tcpTableVectors } from "../../support/vectors.ts";
import { everyCut, feed, recordTcpTable } from "../../support/wire/feeding.ts";

describe("decoder", () => {
  test.each(tcpTableVectors())("$id: $rule", ({ wire, limit, events, error, isOpen }) => {
    for (const chunks of everyCut(wire)) {
      const outcome = feed(tcpTable.createDecoder(limit), recordTcpTable(), chunks);
      expect({ chunks, events: outcome.events, error: outcome.error }).toEqual({ chunks, events, error });
      if (error === undefined) expect({ chunks, isOpen: outcome.isOpen }).toEqual({ chunks, isOpen });
    }
  });

  test("stops and goes on after any query or line that holds none", () => {
    const wire = "get a\nget %\nget b\nget %zz\nget c\n";
    const all = ["a", null, "b", null, "c"];
    for (let stopAt = 0; stopAt < all.length; stopAt++) {
      const recorder = recordTcpTable((event) => event !== stopAt);
      const decoder = tcpTable.createDecoder(100);
      decoder.push(Buffer.from(wire), wire.length, recorder.sink);
      expect(recorder.events).toEqual(all.slice(0, stopAt + 1));
      expect(recorder.isStopped()).toBe(true);
      decoder.resume(recorder.sink);
      expect(recorder.events).toEqual(all);
    }
  });

  test("takes the longest key that the default limit allows, every byte of it escaped", () => {
    const chunks = [`get ${"%61".repeat(9998)}`, "%40%78\r\n"];
    const outcome = feed(tcpTable.createDecoder(10_000), recordTcpTable(), chunks);
    expect(outcome.events).toEqual([`${"a".repeat(9998)}@x`]);
  });

  test("says in printable ASCII that a key is too long", () => {
    const decoder = tcpTable.createDecoder(3);
    expect(() => decoder.push(Buffer.from("get abcd\n"), 9, recordTcpTable().sink)).toThrow("key too long");
  });
});

const queryId = () => "c7.q3";
const found = (...logins: string[]): Found => {
  const owners = toOwnerList(logins);
  if (owners === undefined) throw new Error("no owners");
  return new Found(owners, false);
};
/** An owner list of exactly that many bytes. */
const listOf = (bytes: number): string => `${"a".repeat(bytes - 2)}@x`;

describe("encode", () => {
  test("sends the owners joined with commas", () => {
    expect(tcpTable.encode(found("alice@example.com", "bob"), queryId)).toEqual({
      text: "200 alice@example.com,bob\n",
      result: "ok",
    });
  });

  test("escapes what tcp_table wants escaped, in UTF-8", () => {
    expect(tcpTable.encode(found("jörg", "100%", "a\x01b"), queryId).text).toBe("200 j%C3%B6rg,100%25,a%01b\n");
  });

  test("encodes an answer once, and asks for no query id", () => {
    const answer = found("alice");
    const noId = () => {
      throw new Error("an answer carries no query id");
    };
    expect(tcpTable.encode(answer, noId)).toEqual({ text: "200 alice\n", result: "ok" });
    answer.frame = "what was kept";
    expect(tcpTable.encode(answer, noId)).toEqual({ text: "what was kept", result: "ok" });
  });

  test.each([absent, foreign, malformed])("says 500 when nobody owns the address: $because", (nobody) => {
    expect(tcpTable.encode(nobody, queryId)).toEqual({ text: "500 not%20found\n", result: "notfound" });
    expect(tcpTable.encode(nobody, queryId)).toBe(tcpTable.encode(nobody, queryId));
  });

  test.each([
    [{ kind: "temporary", reason: "source unavailable" }, "400 source%20unavailable%20[c7.q3]\n", "temp"],
    [{ kind: "timeout", reason: "source timeout" }, "400 source%20timeout%20[c7.q3]\n", "timeout"],
    [{ kind: "permanent", reason: "unknown map" }, "400 unknown%20map%20[c7.q3]\n", "perm"],
  ] as const satisfies readonly (readonly [Failure, string, string])[])(
    "says 400 for every failure, since a 500 is an answer: %j",
    (reply, text, result) => {
      expect(tcpTable.encode(reply, queryId)).toEqual({ text, result, failure: reply });
    },
  );

  test("makes a reason printable ASCII, escaped", () => {
    const reply: Failure = { kind: "temporary", reason: "a\nb é 100%" };
    expect(tcpTable.encode(reply, queryId).text).toBe("400 a?b%20?%20100%25%20[c7.q3]\n");
  });

  test("cuts a reason so that with its query id it has 200 bytes before it is escaped", () => {
    const reply: Failure = { kind: "temporary", reason: "%".repeat(300) };
    expect(tcpTable.encode(reply, queryId).text).toBe(`400 ${"%25".repeat(192)}%20[c7.q3]\n`);
  });

  test("sends a list with which the line has 4096 bytes, which is what Postfix takes", () => {
    const list = listOf(4091);
    const { text, result } = tcpTable.encode(found(list), queryId);
    expect({ text, result }).toEqual({ text: `200 ${list}\n`, result: "ok" });
    expect(text.length).toBe(4096);
  });

  test("fails with a list one byte over that, never cutting it short", () => {
    const answer = found(listOf(4092));
    expect(tcpTable.encode(answer, queryId)).toEqual({
      text: "400 owner%20list%20too%20long%20[c7.q3]\n",
      result: "temp",
      failure: { kind: "temporary", reason: "owner list too long" },
    });
    expect(answer.frameOf).toBeUndefined();
  });

  test("measures a list in escaped bytes", () => {
    expect(tcpTable.encode(found(`%${listOf(4088)}`), queryId).text.length).toBe(4096);
    expect(tcpTable.encode(found(`%${listOf(4089)}`), queryId).result).toBe("temp");
    expect(tcpTable.encode(found(`é${listOf(4085)}`), queryId).text.length).toBe(4096);
    expect(tcpTable.encode(found(`é${listOf(4086)}`), queryId).result).toBe("temp");
  });

  test("fails with an owner that holds a NUL, at which Postfix would end the list", () => {
    expect(tcpTable.encode(found("alice\0x", "bob"), queryId)).toEqual({
      text: "400 owner%20list%20holds%20a%20NUL%20[c7.q3]\n",
      result: "temp",
      failure: { kind: "temporary", reason: "owner list holds a NUL" },
    });
  });
});
