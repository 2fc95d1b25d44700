/** The nouns of a message that is held to its owners: what it claims, what is made of it. */

/** A header field that says who wrote or sent a message. */
export type ClaimingHeader = "From" | "Sender" | "Resent-From" | "Resent-Sender";

/** Where in a message an address is claimed. */
export type ClaimPlace = "Envelope sender" | ClaimingHeader;

/** One address that a message claims to come from. */
export interface Claim {
  readonly place: ClaimPlace;
  /** As it stands there, not folded. */
  readonly address: string;
}

/** Values of the label `result` of `loginmapd_messages_total`. */
export type MessageResult = "accept" | "reject" | "temp" | "would_reject";

/** Values of the label `reason` of `loginmapd_messages_total`. */
export type MessageReason =
  | "owned"
  | "unauthenticated"
  | "no_from"
  | "not_owned"
  | "several"
  | "unreadable"
  | "lookup_failed";

/** What is done with a message that claims what its login does not own: refuse it, or only say so. */
export type MilterAction = "log" | "reject";

/** Whether a resent message may keep the `From:` of somebody else. */
export type ResentRule = "refuse" | "allow";

/** What becomes of a message. */
export interface MessageVerdict {
  /** What `action: reject` does. */
  readonly result: "accept" | "reject" | "temp";
  readonly reason: MessageReason;
  /** What the verdict is about, unless the message is accepted. */
  readonly place?: ClaimPlace;
  /** The address that it is about, when it is about one. */
  readonly address?: string;
  /** What the client is told, with its SMTP codes, unless the message is accepted. Printable ASCII. */
  readonly reply?: string;
}

/** A message that was refused or deferred, or would have been. What is kept of a message, and all that is. */
export interface Refusal {
  /** The listener's endpoint. */
  readonly listener: string;
  readonly result: MessageResult;
  readonly reason: MessageReason;
  readonly login: string;
  /** Postfix's queue id; `undefined` when the mail server sent none. */
  readonly queueId: string | undefined;
  readonly place: ClaimPlace | undefined;
  readonly address: string | undefined;
}
