/** What is fuzzed: the decoders of the protocols, each against its reference, the reader of table files, and that of header fields. */
import type { Key } from "../../src/model/keys.ts";
import { checkField } from "../support/naive-readings.ts";
import { cfFragments, cfNames, checkPostfixCf } from "../support/postfix-cf-check.ts";
import { checkSocketmap, checkTcpTable } from "../support/wire/decoder-check.ts";
import { checkMilter, checkPayload } from "../support/wire/milter-check.ts";
import { header, macros, mail, packet, postfixOffer } from "../support/wire/milter-wire.ts";
import { cut } from "../support/wire/wire-arbitraries.ts";
import type { Random, Target } from "./population.ts";

const keys = ["a@x", "", "jörg@münchen.example", '"two words"@x', "a\0b", "\ufeff", "😀"].map((text) =>
  Buffer.from(text).toString("latin1"),
);
const cfKeys: readonly [Key, ...Key[]] = [
  { email: "o'brien@mail.example.com", user: "o'brien", domain: "mail.example.com" },
  { email: "@a", user: "", domain: "a" },
  { email: "日本", user: "日本", domain: "" },
];

/** Every target. */
export const targets: readonly Target[] = [
  {
    folder: "netstring",
    ...decoder(checkSocketmap),
    words: [
      ...keys.map((key) => netstring(`senders ${key}`)),
      ...["", "no-space", " ", "m \xff", "\xff m"].map(netstring),
      ..."0123456789:, ",
      ...["30:", "31:", "10000:", "10001:", "00", "99999999999999999999", "GET / HTTP/1.1\r\n", "1:a;"],
    ],
  },
  {
    folder: "tcp-table",
    ...decoder(checkTcpTable),
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
  {
    folder: "milter",
    encoding: "latin1",
    extension: "bin",
    words: [
      postfixOffer,
      mail("bob@x.example", "bob@x.example"),
      header("From", "J\u00f6rg <bob@x.example>"),
      macros("L", { i: "4XYZ" }),
      ...["N", "E", "A", "Q", "K", "B", "Z"].map((command) => packet(command)),
      ...["\0", "\0\0\0\0", "\0\x10\0\0", "\0\x10\0\x01", "\xff\xff\xff\xff", "O\0\0\0\x01", "GET / HTTP/1.1\r\n"],
    ],
    prepare(random, input) {
      const pattern = Array.from({ length: 1 + random.below(5) }, () => random.next() < 0.7);
      const sizes = sizesOf(input, random.pick([1, 4, 30, 1000]), random);
      return (stream) => {
        const goOn = (event: number) => pattern[event % pattern.length] as boolean;
        const { events, error, isOpen } = checkMilter({ chunks: cut(stream, sizes), goOn });
        const seen = events.slice(0, 1).map(([command, data]) => `${/[DLMO]/.test(command)} ${checkPayload(data)}`);
        return `${events.length > 1} ${seen.join("")} ${error ?? isOpen}`;
      };
    },
  },
  {
    folder: "header-field",
    encoding: "utf8",
    extension: "txt",
    words: [
      ...["bob@x.example", "<bob@x.example>", "boss@y.example", "<boss@y.example>", '"boss@y.example"', "Bob", "@y"],
      ...['"', "\\", "<", ">", "(", ")", ",", ";", ":", ".", "@", " ", "\n ", "\r\n\t", "\u00a0", "\uff20", "[", "]"],
      ...[
        "=?utf-8?q?",
        "=?utf-8?b?",
        "=3Cboss=40y.example=3E",
        "PGJvc3NAeS5leGFtcGxlPg==",
        "?=",
        "=40",
        "_",
        "J\u00f6rg",
      ],
    ],
    prepare: () => checkField,
  },
  {
    folder: "postfix-cf",
    encoding: "utf8",
    extension: "cf",
    words: [
      ...cfFragments,
      ...cfNames.map((name) => `\n${name} = `),
      "dbname = d\nquery = SELECT a FROM t WHERE b='%s'\n",
    ],
    prepare: (random) => {
      const key = random.pick(cfKeys);
      return (input) => checkPostfixCf(input, key);
    },
  },
];

/** Streams come in random pieces, with random stops, under random limits. */
function decoder(check: typeof checkSocketmap): Pick<Target, "encoding" | "extension" | "prepare"> {
  return {
    encoding: "latin1",
    extension: "bin",
    prepare(random, input) {
      const pattern = Array.from({ length: 1 + random.below(5) }, () => random.next() < 0.7);
      const largest = random.pick([1, 4, 30, 1000]);
      const sizes = random.next() < 0.2 ? [] : sizesOf(input, largest, random);
      const maxQueryBytes = random.pick([1, 9, 10, 30, 100, 10_000]);
      const goOn = (event: number) => pattern[event % pattern.length] as boolean;
      return (stream) => {
        const { events, error, isOpen } = check({ chunks: cut(stream, sizes), maxQueryBytes, goOn });
        const kinds = events.slice(0, 2).map((event) => {
          if (event === null) return "-";
          return event === "" || (Array.isArray(event) && event.includes("")) ? "0" : "q";
        });
        return `${kinds.join("")} ${error ?? isOpen}`;
      };
    },
  };
}

function sizesOf(stream: string, largest: number, random: Random): number[] {
  return Array.from({ length: Math.min(stream.length, 2000) }, () => 1 + random.below(largest));
}

function netstring(payload: string): string {
  return `${payload.length}:${payload},`;
}
