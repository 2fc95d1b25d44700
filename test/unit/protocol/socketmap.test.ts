import { describe, expect, test } from "vitest";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { absent, type Failure, Found, foreign, malformed } from "../../../src/model/reply.ts";
import { socketmap } from "../../../src/protocol/socketmap.ts";
import { socketmapVectors } from "../../support/vectors.ts";
import { everyCut, feed, recordSocketmap } from "../../support/wire/feeding.ts";

describe("decoder", () => {
  test.each(socketmapVectors())("$id: $rule", ({ wire, limit, events, error, isOpen }) => {
    for (const chunks of everyCut(wire)) {
      const outcome = feed(socketmap.createDecoder(limit), recordSocketmap(), chunks);
      expect({ chunks, events: outcome.events, error: outcome.error }).toEqual({ chunks, events, error });
      if (error === undefined) expect({ chunks, isOpen: outcome.isOpen }).toEqual({ chunks, isOpen });
    }
  });

  test("stops and goes on after any query or frame that holds none", () => {
    const wire = "3:m a,0:,3:m b,1:x,3:m c,";
    const all = [["m", "a"], null, ["m", "b"], null, ["m", "c"]];
    for (let stopAt = 0; stopAt < all.length; stopAt++) {
      const recorder = recordSocketmap((event) => event !== stopAt);
      const decoder = socketmap.createDecoder(100);
      decoder.push(Buffer.from(wire), wire.length, recorder.sink);
      expect(recorder.events).toEqual(all.slice(0, stopAt + 1));
      expect(recorder.isStopped()).toBe(true);
      decoder.resume(recorder.sink);
      expect(recorder.events).toEqual(all);
    }
  });

  test("takes the longest query that Postfix sends by default, and no longer one", () => {
    const key = `${"a".repeat(9990)}@x`;
    const outcome = feed(socketmap.createDecoder(10_000), recordSocketmap(), [`10000:senders ${key},`]);
    expect(outcome.events).toEqual([["senders", key]]);
    expect(feed(socketmap.createDecoder(10_000), recordSocketmap(), ["10001:"]).error).toBe("ERR_NETSTRING_TOO_LARGE");
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
    expect(socketmap.encode(found("alice@example.com"), queryId)).toEqual({
      text: "20:OK alice@example.com,",
      result: "ok",
    });
    expect(socketmap.encode(found("alice@example.com", "bob"), queryId).text).toBe("24:OK alice@example.com,bob,");
  });

  test("spells owners in UTF-8; the length counts bytes", () => {
    expect(socketmap.encode(found("jörg", "日本"), queryId).text).toBe("15:OK j\xc3\xb6rg,\xe6\x97\xa5\xe6\x9c\xac,");
  });

  test("encodes an answer once, and asks for no query id", () => {
    const answer = found("alice");
    const noId = () => {
      throw new Error("an answer carries no query id");
    };
    expect(socketmap.encode(answer, noId)).toEqual({ text: "8:OK alice,", result: "ok" });
    answer.frame = "what was kept";
    expect(socketmap.encode(answer, noId)).toEqual({ text: "what was kept", result: "ok" });
  });

  test.each([absent, foreign, malformed])("says that nobody owns the address, with the space: $because", (nobody) => {
    expect(socketmap.encode(nobody, queryId)).toEqual({ text: "9:NOTFOUND ,", result: "notfound" });
    expect(socketmap.encode(nobody, queryId)).toBe(socketmap.encode(nobody, queryId));
  });

  test.each([
    [{ kind: "temporary", reason: "source unavailable" }, "31:TEMP source unavailable [c7.q3],", "temp"],
    [{ kind: "timeout", reason: "source timeout" }, "30:TIMEOUT source timeout [c7.q3],", "timeout"],
    [{ kind: "permanent", reason: "unknown map" }, "24:PERM unknown map [c7.q3],", "perm"],
  ] as const satisfies readonly (readonly [Failure, string, string])[])(
    "tells a failure by its kind: %j",
    (reply, text, result) => {
      expect(socketmap.encode(reply, queryId)).toEqual({ text, result, failure: reply });
    },
  );

  test("makes a reason printable ASCII", () => {
    const reply: Failure = { kind: "temporary", reason: "a\r\nb\0c\x7fd é 😀 e~" };
    expect(socketmap.encode(reply, queryId).text).toBe("28:TEMP a??b?c?d ? ? e~ [c7.q3],");
  });

  test("cuts a reason so that with its query id it has 200 bytes", () => {
    const reply: Failure = { kind: "temporary", reason: "r".repeat(300) };
    expect(socketmap.encode(reply, queryId).text).toBe(`205:TEMP ${"r".repeat(192)} [c7.q3],`);
    const fitting: Failure = { kind: "temporary", reason: "r".repeat(192) };
    expect(socketmap.encode(fitting, queryId).text).toBe(`205:TEMP ${"r".repeat(192)} [c7.q3],`);
  });

  test("sends a list with which the reply has 100000 bytes, which is what Postfix takes", () => {
    const list = listOf(99_997);
    expect(socketmap.encode(found(list), queryId)).toEqual({ text: `100000:OK ${list},`, result: "ok" });
  });

  test("fails with a list one byte over that, never cutting it short", () => {
    const answer = found(listOf(99_998));
    expect(socketmap.encode(answer, queryId)).toEqual({
      text: "32:TEMP owner list too long [c7.q3],",
      result: "temp",
      failure: { kind: "temporary", reason: "owner list too long" },
    });
    expect(answer.frameOf).toBeUndefined();
  });

  test("measures a list in bytes, not in characters", () => {
    const fitting = found(`é${listOf(99_995)}`);
    expect(socketmap.encode(fitting, queryId).result).toBe("ok");
    const tooLong = found(`é${listOf(99_996)}`);
    expect(socketmap.encode(tooLong, queryId)).toEqual({
      text: "32:TEMP owner list too long [c7.q3],",
      result: "temp",
      failure: { kind: "temporary", reason: "owner list too long" },
    });
  });

  test.each<[string, string, { listBytes: number; failure?: string }]>([
    ["fitting", listOf(99_997), { listBytes: 99_997 }],
    ["too long by a byte", `é${listOf(99_996)}`, { listBytes: 99_998, failure: "owner list too long" }],
    ["not to be sent", "alice\0x", { listBytes: 7, failure: "owner list holds a NUL" }],
  ])("measures a list for the explanation: %s", (_, list, { listBytes, failure }) => {
    expect(socketmap.measure(found(list).owners)).toEqual({
      listBytes,
      maxListBytes: 99_997,
      ...(failure === undefined ? {} : { failure: { kind: "temporary", reason: failure } }),
    });
  });

  test("fails with an owner that holds a NUL, at which Postfix would end the list", () => {
    expect(socketmap.encode(found("alice\0x", "bob"), queryId)).toEqual({
      text: "35:TEMP owner list holds a NUL [c7.q3],",
      result: "temp",
      failure: { kind: "temporary", reason: "owner list holds a NUL" },
    });
  });
});
