/**
 * Which addresses a message claims to come from: its envelope sender and the header fields that people read.
 *
 * Pure. Rules: at most one `From:` and one `Sender:`; every address of `From:`, `Sender:`, `Resent-From:` and `Resent-Sender:` is a claim;
 * `Reply-To:` is none, since it says where answers go and not who wrote (RFC 5322 section 3.6.2).
 */
import type { Claim, ClaimingHeader, ClaimPlace } from "../model/message.ts";
import { addressesIn } from "./address-field.ts";
import type { ReadField } from "./field-reader.ts";

/** One header field that claims something. */
export interface HeaderField {
  readonly header: ClaimingHeader;
  /** Its body, as it is in the queue. */
  readonly value: string;
}

/** What of a message says where it comes from. */
export interface MessageOrigin {
  /** The envelope sender; the empty string for `<>`, which claims nothing. */
  readonly sender: string;
  /** In the order of the message. */
  readonly fields: readonly HeaderField[];
}

/** What a message claims, or why that cannot be told. */
export type Claims =
  | { readonly kind: "claims"; readonly claims: readonly Claim[]; readonly hasFrom: boolean }
  /** More than one field of a kind of which there may be one: programs show the first, the last or both. */
  | { readonly kind: "several"; readonly place: ClaimingHeader }
  /** A field that shows no address, or is too much to read. */
  | { readonly kind: "unreadable"; readonly place: ClaimingHeader };

/** Addresses of one message; more cannot be read. A newsletter has one, a committee a dozen. */
export const maxClaims = 1000;
/** Characters of all claiming fields of one message; more cannot be read. */
export const maxFieldChars = 262_144;

const headers = new Map<string, ClaimingHeader>(
  (["From", "Sender", "Resent-From", "Resent-Sender"] as const).map((header) => [header.toLowerCase(), header]),
);
// From is what people read; the others may come once for each time that the message was sent on (RFC 5322 section 3.6.6).
const once: readonly ClaimingHeader[] = ["From", "Sender"];

/** @returns the header that a field name stands for, in any case; `undefined` for one that claims nothing */
export function claimingHeader(name: string): ClaimingHeader | undefined {
  return claimingFields.isLength(name.length) ? headers.get(name.toLowerCase()) : undefined;
}

/** The fields that claim something, for whoever reads them off the wire: most others are told apart by their length. */
export const claimingFields = {
  isLength: (length: number): boolean => length === 4 || length === 6 || length === 11 || length === 13,
  named: claimingHeader,
};

/** Reads the claims of a message. Time and memory are bounded by `maxFieldChars`. @param read how a field is read */
export function claimsOf({ sender, fields }: MessageOrigin, read: ReadField = addressesIn): Claims {
  const several = once.find((header) => fields.filter((field) => field.header === header).length > 1);
  if (several !== undefined) return { kind: "several", place: several };
  const claims: Claim[] = sender === "" ? [] : [{ place: "Envelope sender", address: sender }];
  let chars = 0;
  for (const { header, value } of fields) {
    chars += value.length;
    const addresses = chars > maxFieldChars ? undefined : read(value);
    if (addresses === undefined || claims.length + addresses.length > maxClaims) return unreadable(header);
    for (const address of addresses) claims.push({ place: header, address });
  }
  return { kind: "claims", claims: inOrder(claims), hasFrom: fields.some(({ header }) => header === "From") };
}

function unreadable(place: ClaimingHeader): Claims {
  return { kind: "unreadable", place };
}

const places: readonly ClaimPlace[] = ["Envelope sender", "From", "Sender", "Resent-From", "Resent-Sender"];

/** By place, so that a refusal names what a person sees first, whatever the order of the fields. They mostly are so already. */
function inOrder(claims: readonly Claim[]): readonly Claim[] {
  let last = 0;
  for (const { place } of claims) {
    const at = places.indexOf(place);
    if (at < last) return places.flatMap((one) => claims.filter((claim) => claim.place === one));
    last = at;
  }
  return claims;
}
