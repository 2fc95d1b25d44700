/**
 * Requests and their responses on one connection: several at a time, told apart by the number of their message.
 *
 * ldapts writes and reads the messages. Its client is not used: it takes a list that the server cut at its size limit for the
 * whole list, leaves `dereference` out, and connects anew, without a bind, when a connection broke.
 */
import type { Duplex } from "node:stream";
import type { Control, MessageParser, SearchEntry, SearchRequest, SearchResponse } from "ldapts";
import { Register } from "../../model/under-way.ts";
import { SessionError } from "../session.ts";
import { toConnectionError } from "./errors.ts";

/** The library, loaded. */
export type Ldapts = typeof import("ldapts");
/** Any request; ldapts does not export what its messages have in common. */
type Message = Pick<SearchRequest, "write">;
type MessageResponse = Pick<SearchResponse, "messageId" | "status" | "errorMessage" | "controls">;

/** The last message that answers a request, and the entries before it. */
export interface Answered {
  readonly status: number;
  /** The server's words; may hold what was asked. */
  readonly words: string;
  readonly entries: readonly SearchEntry[];
  /** What the server said beside it. */
  readonly controls: readonly Control[];
}

interface Waiting {
  readonly entries: SearchEntry[];
  resolve(answered: Answered): void;
  reject(error: SessionError): void;
}

// RFC 4511, section 4.1.1.1; 0 is for what a server says unasked.
const maxMessageId = 2 ** 31 - 1;

/** Sends requests, and knows whose each response is. */
export class Exchange {
  readonly #ldapts: Ldapts;
  readonly #parser: MessageParser;
  readonly #waiting = new Register<number, Waiting>();
  /** Called when nothing more can be read from the connection; every request has failed then. */
  onBroken: (error: SessionError) => void;
  readonly #stream: Duplex;
  #outgoing: Buffer[] = [];
  #lastId = 0;

  constructor(ldapts: Ldapts, stream: Duplex, onBroken: (error: SessionError) => void) {
    this.#ldapts = ldapts;
    this.#stream = stream;
    this.onBroken = onBroken;
    this.#parser = new ldapts.MessageParser();
    this.#parser.on("message", (message) => this.#receive(message));
    this.#parser.on("error", () => this.#break(new SessionError("connection", "the server sent what is no LDAP")));
    stream.on("data", this.#read);
    stream.on("error", (error) => this.#break(toConnectionError(error)));
    stream.on("close", () => this.#break(new SessionError("connection", "connection closed by the server")));
  }

  /**
   * Lets go of the stream, so that TLS can be put over it. Nothing may be under way; what was read and answered nothing is
   * forgotten, since whoever stands in between may have sent it.
   */
  release(): void {
    this.#stream.removeListener("data", this.#read);
    this.onBroken = () => {};
  }

  /**
   * Sends a request.
   *
   * @param make makes the message with its number
   * @throws {SessionError} of kind `connection` when the connection breaks first
   */
  request(make: (messageId: number) => Message): Promise<Answered> {
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { entries: [], resolve, reject });
      this.#write(make(id));
    });
  }

  /** Sends a message that has no response, at once: the connection may be closed after it. */
  send(make: (messageId: number) => Message): void {
    this.#write(make(this.#nextId()));
    this.#flush();
  }

  /** What is sent in one turn of the event loop goes out together: a write costs as much as the making of several messages. */
  #write(message: Message): void {
    if (this.#outgoing.length === 0) process.nextTick(() => this.#flush());
    this.#outgoing.push(message.write());
  }

  #flush(): void {
    const outgoing = this.#outgoing;
    if (outgoing.length === 0) return;
    this.#outgoing = [];
    this.#stream.write(outgoing.length === 1 ? (outgoing[0] as Buffer) : Buffer.concat(outgoing));
  }

  readonly #read = (bytes: Buffer): void => {
    // The parser looks for the controls of a request here; ours have none.
    this.#parser.read(bytes, noControls);
  };

  #nextId(): number {
    do this.#lastId = this.#lastId === maxMessageId ? 1 : this.#lastId + 1;
    while (this.#waiting.has(this.#lastId));
    return this.#lastId;
  }

  #receive(message: MessageResponse): void {
    const { messageId } = message;
    // A notice of disconnection (RFC 4511, section 4.4.1): it answers nothing, and nothing else will come.
    if (messageId === 0) this.#break(new SessionError("connection", "the server ends the connection"));
    const waiting = this.#waiting.get(messageId);
    if (waiting === undefined) return;
    if (message instanceof this.#ldapts.SearchEntry) waiting.entries.push(message);
    else if (!(message instanceof this.#ldapts.SearchReference)) {
      this.#waiting.delete(messageId);
      const { status, errorMessage, controls = [] } = message;
      waiting.resolve({ status, words: errorMessage, entries: waiting.entries, controls });
    }
  }

  #break(error: SessionError): void {
    for (const { reject } of this.#waiting.takeAll()) reject(error);
    this.onBroken(error);
  }
}

const noControls: Parameters<MessageParser["read"]>[1] = new Map();
