/** What is said to a client: an answer of the source, or that there is none. The four outcomes never mix. */
import type { OwnerList } from "./owner-list.ts";

/** A reply in the bytes of one protocol. */
export interface EncodedReply {
  /** The frame, one character per byte (latin1), ready for `socket.write(text, "latin1")`. */
  readonly text: string;
  /** What the client was told, as the metrics count it. An owner list over the protocol's limit counts as `temp`. */
  readonly result: Result;
  /** What the client was told in place of an answer, for the log: also when the answer does not fit the protocol. */
  readonly failure?: Failure;
}

/** How an owner list fits a protocol. */
export interface ListFit {
  /** Its length as the protocol spells it, without the framing. */
  readonly listBytes: number;
  readonly maxListBytes: number;
  /** What the client is told in its place, if it cannot be sent. */
  readonly failure?: Failure;
}

/** Values of the label `result` of `loginmapd_lookups_total`. */
export type Result = "ok" | "notfound" | "temp" | "timeout" | "perm";

/** The source answered, and these may send as the address. */
export class Found {
  readonly kind = "ok";
  readonly owners: OwnerList;
  /**
   * Whether the answer was found for something else than the address itself (without its extension, by `@domain`, by a
   * grant to everything). Such answers are unlimited in number, since a sender can make up extensions and localparts, so
   * the cache keeps them apart from those that a row of the database bounds.
   */
  readonly derived: boolean;
  /**
   * The frame of the reply as it was last sent, and what spelled it: a cached answer is encoded once. One frame and no list of
   * them, since an object more per mailbox is memory, and a map is mostly asked over one protocol.
   */
  frame = "";
  frameOf: object | undefined = undefined;

  constructor(owners: OwnerList, derived: boolean) {
    this.owners = owners;
    this.derived = derived;
  }

  /** @param format told apart by identity: the frame is for whoever passes this very object */
  keepFrame(frame: string, format: object): void {
    this.frame = frame;
    this.frameOf = format;
  }
}

/** The source answered, and has no owner for the address. */
export interface Nobody {
  readonly kind: "notFound";
  /**
   * Why nobody owns it: `absent` was asked of the source; `foreign` is in a domain that the source does not host;
   * `malformed` is no address at all. Only `absent` is worth a cache entry.
   */
  readonly because: "absent" | "foreign" | "malformed";
}

/** There is no answer, and the client must not take this for one. */
export interface Failure {
  /** `temporary` and `timeout` make Postfix answer 451; `permanent` is for what an administrator must repair. */
  readonly kind: "temporary" | "timeout" | "permanent";
  /** Printable ASCII without SQL, host names, logins or credentials; the connection appends its query id. */
  readonly reason: string;
  /** What went wrong, for the log only. */
  readonly cause?: unknown;
}

/** What a source said. A failure is thrown as SourceError, never returned. */
export type Answer = Found | Nobody;

/** What a client is told. */
export type Reply = Answer | Failure;

/** The source has no owner for the address. */
export const absent: Nobody = { kind: "notFound", because: "absent" };
/** The address is in a domain that the source does not host. */
export const foreign: Nobody = { kind: "notFound", because: "foreign" };
/** The same by a list of hosted domains that is overdue, since the source fails. */
export const foreignByStaleList: Nobody = { kind: "notFound", because: "foreign" };
/** The key is no address. */
export const malformed: Nobody = { kind: "notFound", because: "malformed" };
