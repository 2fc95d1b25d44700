import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toOwnerList } from "../../src/model/owner-list.ts";
import { type Failure, Found } from "../../src/model/reply.ts";
import { socketmap } from "../../src/protocol/socketmap.ts";
import { createSocketmapReplyDecoder, formatSocketmapQuery } from "../../src/protocol/socketmap-client.ts";
import { tcpTable } from "../../src/protocol/tcp-table.ts";
import { createTcpTableReplyDecoder, formatTcpTableQuery } from "../../src/protocol/tcp-table-client.ts";
import { checkSocketmap, checkTcpTable } from "../support/wire/decoder-check.ts";
import { everyCut, feed, recordReplies, recordSocketmap, recordTcpTable } from "../support/wire/feeding.ts";
import { checkMilter } from "../support/wire/milter-check.ts";
import { cut, deliveryOf, milterStream, socketmapStream, tcpTableStream } from "../support/wire/wire-arbitraries.ts";

const runs = { numRuns: 2000 };
const utf8 = fc.string({ unit: "binary", maxLength: 30 });
const sizes = fc.array(fc.nat(40));

describe("any bytes in any pieces, with stops anywhere, give what a plain reading of the whole stream gives", () => {
  test("socketmap", () => {
    fc.assert(fc.property(deliveryOf(socketmapStream), checkSocketmapHolds), runs);
  });

  test("tcp_table", () => {
    fc.assert(fc.property(deliveryOf(tcpTableStream), checkTcpTableHolds), runs);
  });

  test("milter", () => {
    fc.assert(
      fc.property(deliveryOf(milterStream), (delivery) => {
        checkMilter(delivery);
      }),
      runs,
    );
  });

  // fast-check takes a returned value for a verdict.
  function checkSocketmapHolds(delivery: Parameters<typeof checkSocketmap>[0]): void {
    checkSocketmap(delivery);
  }
  function checkTcpTableHolds(delivery: Parameters<typeof checkTcpTable>[0]): void {
    checkTcpTable(delivery);
  }
});

describe("the kept corpus of the fuzzer holds at every cut, under every limit", () => {
  test.each(corpus("netstring"))("netstring/$name", ({ stream }) => {
    replay(stream, checkSocketmap);
  });

  test.each(corpus("tcp-table"))("tcp-table/$name", ({ stream }) => {
    replay(stream, checkTcpTable);
  });

  test.each(corpus("milter"))("milter/$name", ({ stream }) => {
    for (const chunks of everyCut(stream)) checkMilter({ chunks, goOn: () => true });
    checkMilter({ chunks: [stream], goOn: () => false });
  });

  function replay(stream: string, check: typeof checkSocketmap): void {
    for (const maxQueryBytes of [1, 9, 30, 10_000]) {
      for (const chunks of stream.length > 300 ? [[stream], [...stream]] : everyCut(stream, 2)) {
        check({ chunks, maxQueryBytes, goOn: () => true });
      }
      check({ chunks: [stream], maxQueryBytes, goOn: () => false });
    }
  }

  function corpus(folder: string): { name: string; stream: string }[] {
    const at = new URL(`corpus/${folder}/`, import.meta.url);
    return readdirSync(at).map((name) => ({ name, stream: readFileSync(new URL(name, at), "latin1") }));
  }
});

describe("what one half of a protocol says, the other understands", () => {
  const mapName = utf8.filter((map) => !map.includes(" "));

  test("queries of socketmap", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(mapName, utf8)), sizes, (queries, cuts) => {
        const wire = queries.map(([map, key]) => formatSocketmapQuery(map, key).toString("latin1")).join("");
        const { events } = feed(socketmap.createDecoder(10_000), recordSocketmap(), cut(wire, cuts));
        expect(events).toEqual(queries);
      }),
    );
  });

  test("queries of tcp_table", () => {
    fc.assert(
      fc.property(fc.array(utf8), sizes, (keys, cuts) => {
        const wire = keys.map((key) => formatTcpTableQuery(key).toString("latin1")).join("");
        const { events } = feed(tcpTable.createDecoder(10_000), recordTcpTable(), cut(wire, cuts));
        expect(events).toEqual(keys);
      }),
    );
  });

  const owners = fc
    .array(utf8, { minLength: 1, maxLength: 5 })
    .map((cells) => toOwnerList(cells))
    .filter((list) => list !== undefined && !list.text.includes("\0"))
    .map((list) => new Found(list as NonNullable<typeof list>, false));
  const failure: fc.Arbitrary<Failure> = fc.record({
    kind: fc.constantFrom("temporary", "timeout", "permanent"),
    reason: fc.string({ unit: "grapheme", maxLength: 300 }),
  });

  test("owners", () => {
    fc.assert(
      fc.property(fc.array(owners), sizes, (answers, cuts) => {
        const id = () => "c1.q1";
        const expected = answers.map((answer) => ({ kind: "ok", text: answer.owners.text }));
        const netstrings = answers.map((answer) => socketmap.encode(answer, id).text).join("");
        const viaSocketmap = feed(createSocketmapReplyDecoder(), recordReplies(), cut(netstrings, cuts));
        expect(viaSocketmap.events).toEqual(expected);
        const lines = answers.map((answer) => tcpTable.encode(answer, id).text).join("");
        const viaTcpTable = feed(createTcpTableReplyDecoder(), recordReplies(), cut(lines, cuts));
        expect(viaTcpTable.events).toEqual(expected);
      }),
    );
  });

  test("lists: what is told of their fit is what becomes of them", () => {
    // A letter of one byte, of two, and one that tcp_table escapes.
    const letters = fc.tuple(fc.nat(4100), fc.nat(20), fc.nat(20));
    fc.assert(
      fc.property(letters, ([plain, wide, escaped]) => {
        const list = toOwnerList([`${"a".repeat(plain + 1)}${"é".repeat(wide)}${"%".repeat(escaped)}`]);
        const answer = new Found(list as NonNullable<typeof list>, false);
        for (const protocol of [socketmap, tcpTable]) {
          const { failure, listBytes, maxListBytes } = protocol.measure(answer.owners);
          expect(protocol.encode(answer, () => "c1.q1").failure).toEqual(failure);
          expect(listBytes > maxListBytes).toBe(failure !== undefined);
        }
      }),
    );
  });

  test("failures: the kind where the protocol has it, a printable reason of at most 200 bytes, the whole query id", () => {
    fc.assert(
      fc.property(failure, (reply) => {
        const id = () => "c4294967295.q4294967295";
        const viaSocketmap = feed(createSocketmapReplyDecoder(), recordReplies(), [socketmap.encode(reply, id).text]);
        const viaTcpTable = feed(createTcpTableReplyDecoder(), recordReplies(), [tcpTable.encode(reply, id).text]);
        const reason = expect.stringMatching(/^[ -~]{0,174} \[c4294967295\.q4294967295\]$/);
        expect(viaSocketmap.events).toEqual([{ kind: reply.kind, reason }]);
        expect(viaTcpTable.events).toEqual([{ kind: "temporary", reason }]);
      }),
    );
  });
});
