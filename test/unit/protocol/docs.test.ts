import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lookupTimedOut, notAQuery, toFailure, unknownMap } from "../../../src/lookup/failure.ts";
import { ProtocolError, SourceError } from "../../../src/model/errors.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { absent, Found, type Reply } from "../../../src/model/reply.ts";
import type { Protocol } from "../../../src/protocol/protocol.ts";
import { socketmap } from "../../../src/protocol/socketmap.ts";
import { tcpTable } from "../../../src/protocol/tcp-table.ts";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
const protocols = { socketmap, tcp_table: tcpTable };

/** The transcripts of the page, each with the line at which it begins. */
const transcripts = [...page.matchAll(/^```(socketmap|tcp_table)\n(.*?)^```$/gms)].map((match) => ({
  protocol: protocols[match[1] as keyof typeof protocols],
  lines: (match[2] as string).trimEnd().split("\n"),
  at: page.slice(0, match.index).split("\n").length,
}));

/** What the map `senders` of the page answers. */
const answers: Readonly<Record<string, () => Reply>> = {
  "alice@example.com": () => owners("alice@example.com"),
  "sales@example.com": () => owners("alice@example.com", "bob@example.com"),
  "jörg@example.com": () => owners("jörg@example.com"),
  "late@example.com": () => lookupTimedOut,
  "down@example.com": () => toFailure(new SourceError("ERR_SOURCE_UNAVAILABLE", "connect ECONNREFUSED")),
  "all@example.com": () => owners(...Array.from({ length: 20_000 }, (_, i) => `login${i}`)),
};

function owners(...logins: string[]): Reply {
  return new Found(toOwnerList(logins) as NonNullable<ReturnType<typeof toOwnerList>>, false);
}

/** Plays the server's part against what the client writes; gives the transcript that results, line by line. */
function play(protocol: Protocol, lines: readonly string[], codes: Set<string>): string[] {
  const decoder = protocol.createDecoder(10_000);
  const transcript: string[] = [];
  let queries = 0;
  const answer = (reply: Reply): boolean => {
    queries++;
    const { text } = protocol.encode(reply, () => `c1.q${queries}`);
    transcript.push(`S: ${show(protocol === tcpTable ? text.replace(/\n$/, "") : text)}`);
    return true;
  };
  for (const line of lines.filter((each) => each.startsWith("C: "))) {
    transcript.push(line);
    const bytes = Buffer.from(unescapeBytes(line.slice(3)) + (protocol === tcpTable ? "\n" : ""), "latin1");
    try {
      decoder.push(bytes, bytes.length, {
        query: ({ map, key }) =>
          answer(map === undefined || map === "senders" ? (answers[key]?.() ?? absent) : unknownMap),
        notAQuery: () => answer(notAQuery),
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      codes.add(error.code);
      answer({ kind: "permanent", reason: error.message });
      return [...transcript, "(closed)"];
    }
  }
  return transcript;
}

function unescapeBytes(text: string): string {
  return text.replace(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function show(byteString: string): string {
  return byteString.replace(
    /[^ -~]/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

describe("the transcripts of docs/protocol.md are what the code does", () => {
  test.each(transcripts)("$protocol.name, line $at", ({ protocol, lines }) => {
    expect(play(protocol, lines, new Set())).toEqual(lines);
  });

  test("they are found, for both protocols", () => {
    expect(transcripts.filter(({ protocol }) => protocol === socketmap).length).toBeGreaterThan(5);
    expect(transcripts.filter(({ protocol }) => protocol === tcpTable).length).toBeGreaterThan(3);
  });

  test("they show every error that a short transcript can show", () => {
    const codes = new Set<string>();
    for (const { protocol, lines } of transcripts) play(protocol, lines, codes);
    expect([...codes].sort()).toEqual([
      "ERR_NETSTRING_LENGTH",
      "ERR_NETSTRING_TERMINATOR",
      "ERR_NETSTRING_TOO_LARGE",
      "ERR_NOT_A_GET",
    ]);
  });
});
