/**
 * Which keys are asked, in which order, and what the right reply to each is.
 *
 * Addresses are a function of their number, so the generator, the database and the C reference agree without a file.
 */
import type { ProtocolName } from "../../src/model/query.ts";

/** The map that every server in the benchmark serves. */
export const mapName = "senders";

/** `mailbox` has itself as its only owner; `nobody` is in a hosted domain without an owner; `foreign` is elsewhere. */
export type Population = "mailbox" | "nobody" | "foreign";

/** Domains over which the addresses are spread. */
export const hostedDomains = 100;

/** What is asked. */
export interface Workload {
  readonly population: Population;
  /** Number of the first address. */
  readonly first: number;
  /** How many addresses. */
  readonly count: number;
  /** `walk` asks each in turn, `uniform` any with the same chance, a number draws from a zipf law with that exponent. */
  readonly order: "walk" | "uniform" | number;
  /** Identical lookups in a row on a connection, as smtpd makes them for the recipients of one message. */
  readonly repeat: number;
}

/** The address with a number, always 26 characters: what differs between lookups is never their length. */
export function addressOf(population: Population, number: number): string {
  const name = population === "nobody" ? "none" : "user";
  const domain = population === "foreign" ? "away" : "host";
  const place = String(number % hostedDomains).padStart(2, "0");
  return `${name}${String(number).padStart(7, "0")}@${domain}${place}.invalid`;
}

/** The bytes of a query, as Postfix sends it. */
export function queryText(protocol: ProtocolName, key: string): string {
  if (protocol === "tcp_table") return `get ${key}\n`;
  const payload = `${mapName} ${key}`;
  return `${payload.length}:${payload},`;
}

/**
 * The bytes of the right reply.
 *
 * tcp_table's "not found" carries a text that is the server's choice, so there only the code counts: what is given here
 * ends before the text.
 */
export function replyText(protocol: ProtocolName, population: Population, key: string): string {
  if (protocol === "tcp_table") return population === "mailbox" ? `200 ${key}\n` : "500 ";
  if (population !== "mailbox") return "9:NOTFOUND ,";
  return `${key.length + 3}:OK ${key},`;
}

/** What a reference server answers to everything: as many bytes as the reply to any mailbox. */
export function constantReply(protocol: ProtocolName): string {
  return replyText(protocol, "mailbox", addressOf("mailbox", 0));
}

/** Whether a reply has arrived whole, right or wrong. */
export function isWholeReply(protocol: ProtocolName, text: string): boolean {
  if (protocol === "tcp_table") return text.endsWith("\n");
  const colon = text.indexOf(":");
  return colon > 0 && text.length >= colon + 2 + Number(text.slice(0, colon));
}

/** Draws pseudo-random numbers in [0, 1) that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Long enough that a zipf tail is there, short enough to be drawn in a fraction of a second; then it starts again.
const drawnLength = 2 ** 18;

/** The order in which a workload asks, as places in [0, count): an endless cycle of the sequence returned. */
export function drawSequence(workload: Workload, seed: number): Uint32Array {
  const { count, order } = workload;
  if (order === "walk") return Uint32Array.from({ length: count }, (_, place) => place);
  const random = seededRandom(seed);
  if (order === "uniform") return Uint32Array.from({ length: drawnLength }, () => Math.floor(random() * count));
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) {
    sum += rank ** -order;
    cumulated[rank - 1] = sum;
  }
  return Uint32Array.from({ length: drawnLength }, () => firstAbove(cumulated, random() * sum));
}

function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
