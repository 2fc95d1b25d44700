/**
 * An LDAP server that answers what a test wants: result codes that a real one gives in bad moments only, and what Active Directory
 * shows. Speaks the wire (RFC 4511) on a loopback port.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { BerReader, BerWriter } from "ldapts";

/** What a client asked. */
export interface LdapRequest {
  readonly kind: "bind" | "search";
  /** The DN that binds, or the base of a search. */
  readonly dn: string;
  readonly attributes: readonly string[];
  /** Entries of a page, and where the last one ended; absent when no pages are asked for. */
  readonly page?: { readonly size: number; readonly cookie: string };
}

/** What it gets. */
export interface LdapReply {
  /** 0 unless it says otherwise. */
  readonly code?: number;
  readonly words?: string;
  /** DN → attributes. */
  readonly entries?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Where the page ends; empty after the last one. Absent: the server knows no pages. */
  readonly cookie?: string;
}

const operations: Readonly<Record<number, "bind" | "search" | "unbind">> = { 96: "bind", 99: "search", 66: "unbind" };
const pagedResults = "1.2.840.113556.1.4.319";

/** The server. */
export class FakeLdap {
  readonly port: number;
  readonly asked: LdapRequest[] = [];
  /** What everything gets; may be changed at any time. */
  answer: (request: LdapRequest) => LdapReply | Promise<LdapReply>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, answer: FakeLdap["answer"]) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.answer = answer;
    server.on("connection", (socket) => this.#serve(socket));
  }

  static async start(answer: FakeLdap["answer"]): Promise<FakeLdap> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeLdap(server, answer);
  }

  get uri(): string {
    return `ldap://127.0.0.1:${this.port}`;
  }

  /** The searches that were not for the root DSE nor for the base alone: those of lookups. */
  get searches(): readonly LdapRequest[] {
    return this.asked.filter(({ kind, dn, attributes }) => kind === "search" && dn !== "" && attributes[0] !== "1.1");
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    let buffer = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (let message = take(); message !== undefined; message = take()) void this.#reply(socket, message);
    });
    const take = (): Buffer | undefined => {
      const reader = new BerReader(buffer);
      if (buffer.length < 2 || reader.readSequence() === null || reader.remain < reader.length) return undefined;
      const end = reader.offset + reader.length;
      const message = buffer.subarray(0, end);
      buffer = buffer.subarray(end);
      return message;
    };
  }

  async #reply(socket: Socket, message: Buffer): Promise<void> {
    const reader = new BerReader(message);
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    const operation = operations[reader.peek() ?? 0];
    if (operation === undefined || operation === "unbind") return void socket.end();
    const request = operation === "bind" ? readBind(reader) : readSearch(reader);
    this.asked.push(request);
    const { code = 0, words = "", entries = {}, cookie } = await this.answer(request);
    for (const [dn, attributes] of Object.entries(entries)) socket.write(entryMessage(id, dn, attributes));
    socket.write(
      resultMessage(id, operation === "bind" ? 0x61 : 0x65, { code, words, ...(cookie !== undefined && { cookie }) }),
    );
  }
}

function readBind(reader: BerReader): LdapRequest {
  reader.readSequence();
  reader.readInt();
  return { kind: "bind", dn: reader.readString() ?? "", attributes: [] };
}

function readSearch(reader: BerReader): LdapRequest {
  reader.readSequence();
  const end = reader.offset + reader.length;
  const dn = reader.readString() ?? "";
  for (let i = 0; i < 2; i++) reader.readEnumeration();
  for (let i = 0; i < 2; i++) reader.readInt();
  reader.readBoolean();
  // The filter is of no interest.
  reader.readSequence(reader.peek() ?? 0);
  reader.offset += reader.length;
  reader.readSequence();
  const attributes: string[] = [];
  while (reader.offset < end) attributes.push(reader.readString() ?? "");
  const page = readPage(reader);
  return { kind: "search", dn, attributes, ...(page && { page }) };
}

function readPage(reader: BerReader): LdapRequest["page"] {
  if (reader.peek() !== 0xa0) return undefined;
  reader.readSequence(0xa0);
  reader.readSequence();
  if (reader.readString() !== pagedResults) return undefined;
  if (reader.peek() === 0x01) reader.readBoolean();
  const value = new BerReader(reader.readString(0x04, true) ?? Buffer.alloc(0));
  value.readSequence();
  return { size: value.readInt() ?? 0, cookie: value.readString() ?? "" };
}

function entryMessage(id: number, dn: string, attributes: Readonly<Record<string, readonly string[]>>): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(0x64);
  writer.writeString(dn);
  writer.startSequence();
  for (const [name, values] of Object.entries(attributes)) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    for (const value of values) writer.writeString(value);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

function resultMessage(id: number, tag: number, { code = 0, words = "", cookie }: LdapReply): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  writer.writeEnumeration(code);
  writer.writeString("");
  writer.writeString(words);
  writer.endSequence();
  if (cookie !== undefined) {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(0);
    value.writeString(cookie);
    value.endSequence();
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString(pagedResults);
    writer.writeBuffer(value.buffer, 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}
