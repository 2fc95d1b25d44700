/** The client's half of both protocols: what a server said, in the words of neither. */

/** A server's reply, told apart as Postfix's own clients do. */
export type ServerReply =
  /** The owners as sent, joined with `,`. Empty when the server sent nothing: Postfix takes that for a broken server. */
  | { readonly kind: "ok"; readonly text: string }
  | { readonly kind: "notFound" }
  /** Replies that neither protocol knows are `temporary`, since Postfix tries again then. */
  | { readonly kind: "temporary" | "timeout" | "permanent"; readonly reason: string };

/** Takes the replies of a server, in order. */
export interface ReplySink {
  /** @returns whether to go on; see `QuerySink.query` */
  reply(reply: ServerReply): boolean;
}
