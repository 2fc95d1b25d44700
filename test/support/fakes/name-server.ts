/** A name server on loopback that answers what a test says, or nothing at all (RFC 1035, section 4). */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

/** What is said of a name: its addresses (none = it is there without an address of that family), or nothing. */
export type NameAnswer = readonly string[] | "silence" | "no such name" | "failure";

/** A running name server. */
export interface NameServer {
  /** As node:dns wants it. */
  readonly address: string;
  /** Every name asked for, as often as it was asked. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const typeA = 1;
const codes = { failure: 2, "no such name": 3 } as const;

/** @param answerFor what to say of a name to a question for addresses of one family */
export async function startNameServer(
  answerFor: (name: string, family: 4 | 6) => NameAnswer,
  { host = "127.0.0.1", port = 0 } = {},
): Promise<NameServer> {
  const socket: Socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, from) => {
    const { name, end } = questionOf(query);
    const family = query.readUInt16BE(end - 4) === typeA ? 4 : 6;
    asked.push(name);
    const answer = answerFor(name, family);
    if (answer !== "silence") socket.send(reply(query, end, answer, family), from.port, from.address);
  });
  socket.bind(port, host);
  await once(socket, "listening");
  return {
    address: `${host}:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function questionOf(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  while (query[at] !== 0) {
    const length = query[at] as number;
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
}

function reply(query: Buffer, end: number, answer: Exclude<NameAnswer, "silence">, family: 4 | 6): Buffer {
  const question = Buffer.from(query.subarray(0, end));
  const addresses = typeof answer === "string" ? [] : answer.filter((one) => isIPv4(one) === (family === 4));
  // A response, recursion desired and available.
  question.writeUInt16BE(0x8180 | (typeof answer === "string" ? codes[answer] : 0), 2);
  question.writeUInt16BE(addresses.length, 6);
  question.writeUInt16BE(0, 8);
  question.writeUInt16BE(0, 10);
  const records = addresses.map((address) => {
    const data = family === 4 ? Buffer.from(address.split(".").map(Number)) : ipv6(address);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(family === 4 ? typeA : 28, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([question, ...records]);
}

/** Bytes of an address that is written with one `::`. */
function ipv6(address: string): Buffer {
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
