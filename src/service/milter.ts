/**
 * Holds messages to their owners: what a listener of the milter protocol does with a packet.
 *
 * Looks at MAIL and at the header, says one verdict at its end, and forgets the message. A message of a client that is not logged in is
 * accepted at MAIL. What is claimed is lookup/header-claims.ts, what becomes of it lookup/message-verdict.ts.
 */
import type { Buffer } from "node:buffer";
import { claimingFields } from "../lookup/header-claims.ts";
import { unauthenticated } from "../lookup/message-verdict.ts";
import { ProtocolError } from "../model/errors.ts";
import type { Conversation, Peer, Service } from "../model/service.ts";
import type { FrameDecoder } from "../protocol/frame-decoder.ts";
import {
  acceptReply,
  milterCommands as commands,
  continueReply,
  createMilterDecoder,
  type MilterCommand,
  type PacketSink,
} from "../protocol/milter.ts";
import { negotiate, readHeader, readMacros, readSender } from "../protocol/milter-payload.ts";
import { Message, type MessageParts } from "./message.ts";

/** What the messages of one listener need. */
export type MilterServiceParts = MessageParts;

/** The service of one milter listener. */
export class MilterService implements Service {
  readonly protocol = "milter";
  readonly #parts: MilterServiceParts;

  constructor(parts: MilterServiceParts) {
    this.#parts = parts;
  }

  open(peer: Peer): Conversation {
    return new MilterConversation(peer, this.#parts);
  }
}

/**
 * Where the conversation is: nothing is agreed on yet; no message is under way; its header comes; its verdict is owed or said, and the mail
 * server may still tell the rest of it.
 */
type Stage = "greeting" | "idle" | "header" | "decided";

// Stages at which a command may come. One list each, since a packet is too short for another.
const agreed: readonly Stage[] = ["idle", "header", "decided"];
const inMessage: readonly Stage[] = ["header", "decided"];
const betweenMessages: readonly Stage[] = ["idle", "decided"];
const afterVerdict: readonly Stage[] = ["decided"];
const beforeMessages: readonly Stage[] = ["greeting", "idle"];

/** The mail server's session: its messages, one after the other. */
class MilterConversation implements Conversation, PacketSink {
  readonly #peer: Peer;
  readonly #parts: MilterServiceParts;
  readonly #decoder: FrameDecoder<PacketSink> = createMilterDecoder();
  #stage: Stage = "greeting";
  #answersHeaders = true;
  /** Macros of the MAIL to come. */
  #login: string | undefined;
  #sender: string | undefined;
  #queueId: string | undefined;
  #message: Message | undefined;

  constructor(peer: Peer, parts: MilterServiceParts) {
    this.#peer = peer;
    this.#parts = parts;
  }

  push(chunk: Uint8Array, length: number): void {
    this.#decoder.push(chunk, length, this);
  }

  resume(): void {
    this.#decoder.resume(this);
  }

  get isMidFrame(): boolean {
    return this.#decoder.isMidFrame;
  }

  /** A message whose header has begun is let end; one that is decided on has its verdict. */
  get isBusy(): boolean {
    return this.#stage === "header";
  }

  /** A milter has no words for what a mail server does wrong: the connection ends. */
  refuse(): string {
    this.#forget();
    return "";
  }

  taken(): void {}

  close(): void {
    this.#forget();
  }

  /** Takes one packet. Called by the decoder. @throws {ProtocolError} ERR_MILTER_PAYLOAD, ERR_MILTER_ORDER, ERR_MILTER_VERSION */
  packet(command: MilterCommand, bytes: Buffer, start: number, end: number): boolean {
    switch (command) {
      case commands.macros:
        this.#noteMacros(bytes, start, end);
        return this.#peer.isReading;
      case commands.header:
        return this.#noteHeader(bytes, start, end);
      case commands.mail:
        return this.#begin(bytes, start, end);
      case commands.endOfHeaders:
        return this.#decide("decided");
      case commands.endOfMessage:
        return this.#decide("idle");
      case commands.abort:
        this.#expect(command, agreed);
        this.#forget();
        this.#stage = "idle";
        return this.#peer.isReading;
      case commands.negotiate:
        return this.#agree(bytes, start, end);
      case commands.quit:
        this.#forget();
        this.#peer.finish();
        return this.#peer.isReading;
      case commands.quitNewConnection:
        this.#expect(command, agreed);
        this.#forget();
        this.#stage = "idle";
        return this.#peer.isReading;
      case commands.body:
        this.#expect(command, afterVerdict);
        return this.#peer.reply(this.#message?.said ?? acceptReply);
      case commands.recipient:
      case commands.data:
        this.#expect(command, inMessage);
        return this.#peer.reply(continueReply);
      case commands.connect:
      case commands.helo:
      case commands.unknown:
        this.#expect(command, agreed);
        return this.#peer.reply(continueReply);
    }
  }

  #agree(bytes: Buffer, start: number, end: number): boolean {
    this.#expect(commands.negotiate, beforeMessages);
    const { reply, answersHeaders } = negotiate(bytes, start, end);
    this.#answersHeaders = answersHeaders;
    this.#stage = "idle";
    return this.#peer.reply(reply);
  }

  /** The queue id comes with any command, the login and the sender with MAIL. */
  #noteMacros(bytes: Buffer, start: number, end: number): void {
    if (String.fromCharCode(bytes[start] ?? 0) === commands.mail) {
      [this.#login, this.#sender, this.#queueId] = readMacros(bytes, start, end, ["{auth_authen}", "{mail_addr}", "i"]);
    } else if (this.#queueId === undefined) {
      [this.#queueId] = readMacros(bytes, start, end, ["i"]);
    }
  }

  #begin(bytes: Buffer, start: number, end: number): boolean {
    this.#expect(commands.mail, betweenMessages);
    const given = readSender(bytes, start, end);
    const [login, sender] = [this.#login, this.#sender];
    [this.#login, this.#sender] = [undefined, undefined];
    this.#forget();
    if (login === undefined || login === "") {
      this.#parts.note(unauthenticated, { login: "", queueId: undefined });
      this.#stage = "decided";
      return this.#peer.reply(acceptReply);
    }
    // {mail_addr} is the sender as Postfix's own lookup has it: qualified, when the client left its domain out.
    this.#message = new Message(login, given === "" || !sender ? given : sender, this.#peer, this.#parts);
    this.#stage = "header";
    return this.#peer.reply(continueReply);
  }

  #noteHeader(bytes: Buffer, start: number, end: number): boolean {
    this.#expect(commands.header, inMessage);
    const field = readHeader(bytes, start, end, claimingFields);
    if (field !== undefined && this.#stage === "header") this.#message?.note(field.name, field.value);
    return this.#answersHeaders ? this.#peer.reply(continueReply) : this.#peer.isReading;
  }

  /** Says the verdict, or says it again to a mail server that goes on with the message all the same. */
  #decide(next: Stage): boolean {
    this.#expect(next === "idle" ? commands.endOfMessage : commands.endOfHeaders, inMessage);
    const isDecided = this.#stage === "decided";
    this.#stage = next;
    const message = this.#message;
    if (isDecided || message === undefined) return this.#peer.reply(message?.said ?? acceptReply);
    const queueId = this.#queueId;
    this.#queueId = undefined;
    return message.decide(queueId);
  }

  #forget(): void {
    this.#message?.abandon();
    this.#message = undefined;
    this.#queueId = undefined;
  }

  /** @throws {ProtocolError} ERR_MILTER_ORDER unless the conversation is at one of these stages, and no verdict is owed */
  #expect(command: MilterCommand, stages: readonly Stage[]): void {
    const isWaiting = this.#message?.isOwed === true && command !== commands.abort;
    if (stages.includes(this.#stage) && !isWaiting) return;
    throw new ProtocolError("ERR_MILTER_ORDER", `milter command ${command} out of order`);
  }
}
