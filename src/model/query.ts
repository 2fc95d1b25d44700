/** What a client asks, and how. */

/** The wire protocols: values of the label `protocol`, and of `protocol:` in the configuration. */
export type ProtocolName = "socketmap" | "tcp_table";

/** What a client asked, cut out of its frame. */
export interface Query {
  /** The map's name; `undefined` in protocols that carry none (tcp_table). */
  readonly map: string | undefined;
  /** The key as sent, decoded from UTF-8; the empty string when it was not UTF-8, since neither can be an address. */
  readonly key: string;
}
