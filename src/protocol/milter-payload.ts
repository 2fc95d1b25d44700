/**
 * What stands in the packets of a milter: the offer of a mail server and our answer, macros, the sender, header fields.
 *
 * Fields end with a NUL each, so none of them holds one.
 */
import type { Buffer } from "node:buffer";
import { ProtocolError } from "../model/errors.ts";
import { formatPacket } from "./milter.ts";
import { decodeText } from "./text.ts";

/** What a mail server can do (SMFIC_OPTNEG). */
export interface MilterOffer {
  readonly version: number;
  /** SMFIF_*: what a milter may change in a message. */
  readonly actions: number;
  /** SMFIP_*: what need not be sent, and what need not be answered. */
  readonly steps: number;
}

/** What was agreed on. */
export interface MilterAgreement {
  /** The answer to the offer, ready to be sent. */
  readonly reply: string;
  /** Whether the mail server waits for an answer to each header field. */
  readonly answersHeaders: boolean;
}

// SMFIP_* (mfdef.h). The three that are not here are what we look at: MAIL, header fields and their end.
const skipped = {
  connect: 0x01,
  helo: 0x02,
  recipient: 0x08,
  body: 0x10,
  unknown: 0x100,
  data: 0x200,
} as const;
const silentHeaders = 0x80;
const wanted = Object.values(skipped).reduce((sum, step) => sum | step, silentHeaders);
// Version 1 knew no SMFIP_NR_HDR, no macros by stage and is spoken by nobody since Sendmail 8.12.
const oldestVersion = 2;
const newestVersion = 6;

/**
 * Answers an offer: as little as possible is to be sent, nothing is changed, and header fields are not answered one by one.
 *
 * @throws {ProtocolError} ERR_MILTER_PAYLOAD: no offer; ERR_MILTER_VERSION: a version before 2
 */
export function negotiate(bytes: Buffer, start: number, end: number): MilterAgreement {
  const offer = readOffer(bytes, start, end);
  if (offer.version < oldestVersion) {
    throw new ProtocolError("ERR_MILTER_VERSION", `milter protocol version ${offer.version} is not spoken`);
  }
  const steps = offer.steps & wanted;
  const data = [Math.min(offer.version, newestVersion), 0, steps].map(formatNumber).join("");
  return { reply: formatPacket("O", data), answersHeaders: (steps & silentHeaders) === 0 };
}

/** @throws {ProtocolError} ERR_MILTER_PAYLOAD when the three numbers are not all there. What follows them is not looked at. */
export function readOffer(bytes: Buffer, start: number, end: number): MilterOffer {
  if (end - start < 12) throw malformed("negotiation");
  return {
    version: bytes.readUInt32BE(start),
    actions: bytes.readUInt32BE(start + 4),
    steps: bytes.readUInt32BE(start + 8),
  };
}

function formatNumber(value: number): string {
  return String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/**
 * Finds macros in the data of a macro packet: the command that they are for, then name and value by turns.
 *
 * @param names with their braces, as the mail server writes them: `{auth_authen}`, `i`
 * @returns the values in the order of the names; `undefined` for one that is not there
 * @throws {ProtocolError} ERR_MILTER_PAYLOAD when a name or a value does not end
 */
export function readMacros(
  bytes: Buffer,
  start: number,
  end: number,
  names: readonly string[],
): (string | undefined)[] {
  if (start === end) throw malformed("macros");
  const values: (string | undefined)[] = names.map(() => undefined);
  let at = start + 1;
  while (at < end) {
    const nameEnd = fieldEnd(bytes, at, end, "macros");
    const valueEnd = fieldEnd(bytes, nameEnd + 1, end, "macros");
    const index = names.indexOf(bytes.toString("latin1", at, nameEnd));
    if (index !== -1) values[index] = toText(bytes, nameEnd + 1, valueEnd);
    at = valueEnd + 1;
  }
  return values;
}

/**
 * Reads the sender of a MAIL packet without its angle brackets; the ESMTP parameters after it are not looked at.
 *
 * @returns the empty string for `<>`
 * @throws {ProtocolError} ERR_MILTER_PAYLOAD
 */
export function readSender(bytes: Buffer, start: number, end: number): string {
  const sender = toText(bytes, start, fieldEnd(bytes, start, end, "MAIL"));
  return sender.startsWith("<") && sender.endsWith(">") ? sender.slice(1, -1) : sender;
}

/** Tells the fields that are worth reading, by their names without the blanks that may stand before the colon. */
export interface WantedFields<Name> {
  /** Whether one of them is so long. Most fields are told apart by that, without a string for each. */
  isLength(length: number): boolean;
  /** @returns what the field is, `undefined` for one that is not worth reading */
  named(name: string): Name | undefined;
}

/**
 * Reads a header field.
 *
 * @returns `undefined` for a field that is not wanted. The value is as in the queue: folds are line feed and blanks.
 * @throws {ProtocolError} ERR_MILTER_PAYLOAD unless there are two fields, each with its end
 */
export function readHeader<Name>(
  bytes: Buffer,
  start: number,
  end: number,
  wanted: WantedFields<Name>,
): { readonly name: Name; readonly value: string } | undefined {
  const nameEnd = fieldEnd(bytes, start, end, "header");
  const valueEnd = fieldEnd(bytes, nameEnd + 1, end, "header");
  if (valueEnd + 1 !== end) throw malformed("header");
  let trimmed = nameEnd;
  while (trimmed > start && isBlank(bytes[trimmed - 1] as number)) trimmed--;
  const name = wanted.isLength(trimmed - start) ? wanted.named(bytes.toString("latin1", start, trimmed)) : undefined;
  return name === undefined ? undefined : { name, value: toText(bytes, nameEnd + 1, valueEnd) };
}

/** Text of a field. What is not UTF-8 (RFC 6532) keeps its ASCII; every other byte becomes U+FFFD, which is in no address. */
function toText(bytes: Buffer, start: number, end: number): string {
  return decodeText(bytes, start, end) ?? bytes.toString("utf8", start, end);
}

/** Blanks, and the no-break space of Latin-1: whoever shows the field takes it for one. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0xa0 || (byte >= 0x09 && byte <= 0x0d);
}

function fieldEnd(bytes: Buffer, start: number, end: number, what: string): number {
  const at = start < end ? bytes.indexOf(0, start) : -1;
  if (at === -1 || at >= end) throw malformed(what);
  return at;
}

function malformed(what: string): ProtocolError {
  return new ProtocolError("ERR_MILTER_PAYLOAD", `malformed milter packet: ${what}`);
}
