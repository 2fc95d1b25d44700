/** Gives replies their bytes: what both protocols have in common, whatever words they use. */
import type { OwnerList } from "../model/owner-list.ts";
import type { EncodedReply, Failure, Found, ListFit, Reply, Result } from "../model/reply.ts";
import type { Protocol } from "./protocol.ts";
import { flatten } from "./text.ts";

/** How one protocol spells replies, all as byte strings. */
export interface ReplyFormat {
  /** The whole frame that says that nobody owns the address. */
  readonly notFound: string;
  /** Longest owner list that the protocol carries, in bytes as `spell` makes them. */
  readonly maxListBytes: number;
  /** Spells an owner list; never with fewer bytes than `text` has characters. */
  spell(text: string): string;
  /** Makes the frame of a spelled owner list. */
  formatOk(list: string): string;
  /** Makes the frame of a failure; the reason is printable ASCII. */
  formatFailure(kind: Failure["kind"], reason: string): string;
}

const results: Readonly<Record<Failure["kind"], Result>> = { temporary: "temp", timeout: "timeout", permanent: "perm" };

// An owner list is never cut short: whoever were cut off would be refused.
const tooLong: Failure = { kind: "temporary", reason: "owner list too long" };
// Postfix reads a reply as a C string: it would take the part before the NUL for the whole list, and so for other owners.
const holdsNul: Failure = { kind: "temporary", reason: "owner list holds a NUL" };

/** Makes what a protocol has to do with replies. */
export function replyEncoder(format: ReplyFormat): Pick<Protocol, "encode" | "measure"> {
  const notFound: EncodedReply = { text: format.notFound, result: "notfound" };
  return {
    encode(reply: Reply, queryId: () => string): EncodedReply {
      switch (reply.kind) {
        case "ok": {
          // Kept by the answer itself, since a map is mostly asked over one protocol.
          if (reply.frameOf === format) return { text: reply.frame, result: "ok" };
          return encodeOwners(format, reply, queryId);
        }
        case "notFound":
          return notFound;
        default:
          return encodeFailure(format, reply, queryId);
      }
    },
    measure({ text }: OwnerList): ListFit {
      const list = format.spell(text);
      const failure = misfitOf(format, text, list);
      const bytes = { listBytes: list.length, maxListBytes: format.maxListBytes };
      return failure === undefined ? bytes : { ...bytes, failure };
    },
  };
}

function encodeOwners(format: ReplyFormat, found: Found, queryId: () => string): EncodedReply {
  const { text } = found.owners;
  // A list that is too long by far is not spelled out every time that it is asked for.
  const list = text.length > format.maxListBytes ? text : format.spell(text);
  const misfit = misfitOf(format, text, list);
  if (misfit !== undefined) return encodeFailure(format, misfit, queryId);
  const frame = flatten(format.formatOk(list));
  found.keepFrame(frame, format);
  return { text: frame, result: "ok" };
}

/** Why an owner list cannot be sent, if it cannot. */
function misfitOf({ maxListBytes }: ReplyFormat, text: string, list: string): Failure | undefined {
  if (list.length > maxListBytes) return tooLong;
  return text.includes("\0") ? holdsNul : undefined;
}

function encodeFailure(format: ReplyFormat, failure: Failure, queryId: () => string): EncodedReply {
  const { kind, reason } = failure;
  return { text: format.formatFailure(kind, formatReason(reason, queryId())), result: results[kind], failure };
}

// Postfix logs no more of it (dict_sockmap.c); our own log line has the rest.
const maxReasonBytes = 200;
const notPrintable = /[^ -~]/gu;

/**
 * Writes a reason with the query id that the log repeats: `source unavailable [c7.q3]`.
 *
 * Printable ASCII of at most 200 bytes: other characters become `?`, and it is the reason that is cut, never the id.
 */
function formatReason(reason: string, queryId: string): string {
  const tail = ` [${queryId}]`;
  return reason.replace(notPrintable, "?").slice(0, maxReasonBytes - tail.length) + tail;
}
