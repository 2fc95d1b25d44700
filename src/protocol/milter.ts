/**
 * The milter protocol, as Postfix and Sendmail speak it: packets of a 4-byte length, a command byte and its data.
 *
 * Pure: bytes to packets and replies to bytes; what is in a packet is read by milter-payload.ts, what is said by service/milter.ts.
 * There is no standard; the source is Postfix's src/milter/milter8.c and Sendmail's include/libmilter/mfdef.h.
 */
import { Buffer } from "node:buffer";
import { ProtocolError } from "../model/errors.ts";
import { FrameDecoder, type FrameScanner } from "./frame-decoder.ts";
import { flatten } from "./text.ts";

/** What a mail server says (SMFIC_*): the names of mfdef.h, the bytes of the wire. */
export const milterCommands = {
  abort: "A",
  body: "B",
  connect: "C",
  macros: "D",
  endOfMessage: "E",
  helo: "H",
  quitNewConnection: "K",
  header: "L",
  mail: "M",
  endOfHeaders: "N",
  negotiate: "O",
  quit: "Q",
  recipient: "R",
  data: "T",
  unknown: "U",
} as const;

/** One command of a mail server. */
export type MilterCommand = (typeof milterCommands)[keyof typeof milterCommands];

/** Takes the packets of a stream in order. */
export interface PacketSink {
  /**
   * One packet, whose data are `bytes[start, end)`; what is kept of them must be copied.
   *
   * @returns whether to go on: `false` makes the decoder keep the rest of the chunk until `resume`
   * @throws {ProtocolError} when the packet makes no sense: the stream has lost its meaning
   */
  packet(command: MilterCommand, bytes: Buffer, start: number, end: number): boolean;
}

/**
 * Longest packet that is let through, command byte included. Postfix sends a header of at most header_size_limit (102,400) bytes
 * and a body chunk of at most 65,535; a site may raise the first.
 */
export const maxPacketBytes = 1_048_576;

const lengthBytes = 4;
/** 1 for the byte of each command. */
const knownBytes = new Uint8Array(256);
for (const command of Object.values(milterCommands)) knownBytes[command.charCodeAt(0)] = 1;

/** Finds the ends of packets; refuses a length or a command as soon as it has arrived. */
class PacketScanner implements FrameScanner {
  readonly maxFrameBytes = lengthBytes + maxPacketBytes;
  readonly headerBytes = lengthBytes;
  readonly trailerBytes = 0;
  /** Bytes of the length that have arrived, and their value. */
  #lengthSeen = 0;
  #length = 0;
  /** Bytes of the packet that are still to come, once its length is known. */
  #missing = 0;

  /**
   * See `FrameScanner.scan`.
   *
   * @throws {ProtocolError} ERR_MILTER_LENGTH: a length of 0; ERR_MILTER_TOO_LARGE: one over the limit; ERR_MILTER_COMMAND: a
   *   command that no mail server sends
   */
  scan(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (this.#lengthSeen < lengthBytes) {
      if (at === end) return -1;
      this.#length = this.#length * 256 + (bytes[at++] as number);
      this.#lengthSeen++;
      if (this.#lengthSeen === lengthBytes) this.#begin();
    }
    if (at < end && this.#missing === this.#length) checkCommand(bytes[at] as number);
    const stop = at + this.#missing;
    if (stop > end) {
      this.#missing = stop - end;
      return -1;
    }
    this.#lengthSeen = 0;
    this.#length = 0;
    return stop;
  }

  #begin(): void {
    if (this.#length === 0) throw new ProtocolError("ERR_MILTER_LENGTH", "milter packet without a command");
    if (this.#length > maxPacketBytes) throw new ProtocolError("ERR_MILTER_TOO_LARGE", "milter packet too long");
    this.#missing = this.#length;
  }
}

function checkCommand(byte: number): void {
  if (knownBytes[byte] === 1) return;
  throw new ProtocolError("ERR_MILTER_COMMAND", "unknown milter command");
}

/**
 * Cuts the byte stream of one connection into packets, however it was chunked. Holds at most one partial packet, and of that only
 * what has arrived: `maxPacketBytes` + 4 bytes.
 */
export function createMilterDecoder(): FrameDecoder<PacketSink> {
  return new FrameDecoder<PacketSink>(new PacketScanner(), (bytes, start, end, sink) =>
    // The scanner has let no other command through.
    sink.packet(String.fromCharCode(bytes[start] as number) as MilterCommand, bytes, start + 1, end),
  );
}

/** Puts a packet together, as a byte string. */
export function formatPacket(command: string, data: string): string {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(1 + data.length);
  return flatten(`${length.toString("latin1")}${command}${data}`);
}

/** Goes on with the next command (SMFIR_CONTINUE). */
export const continueReply = formatPacket("c", "");
/** Takes the message: no more of it is asked about (SMFIR_ACCEPT). */
export const acceptReply = formatPacket("a", "");

/**
 * Refuses the message in our own words (SMFIR_REPLYCODE). The mail server shows `%%` as `%` (Sendmail formats the text), so each is
 * doubled; the plain SMFIR_REJECT and SMFIR_TEMPFAIL would have words of Postfix's own, 451 4.7.1 among them.
 *
 * @param text printable ASCII that begins with the SMTP code: `550 5.7.1 …`
 */
export function formatReplyCode(text: string): string {
  return formatPacket("y", `${text.replaceAll("%", "%%")}\0`);
}
