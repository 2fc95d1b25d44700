/**
 * Tells, from the filters that find an entry by an address, which of its attributes hold addresses: `(proxyAddresses=smtp::email)`
 * says that each value of `proxyAddresses` with `smtp:` before it is one. So a listing knows the addresses of an entry without a
 * second description that could differ from the first.
 */

import type { Role } from "../../model/keys.ts";
import type { ListedKind } from "../../model/listing.ts";
import { type Attribute, isSubtype } from "./attributes.ts";
import type { FilterTemplate, FilterValue } from "./filter-template.ts";
import { type KeyPart, keyParts } from "./key-text.ts";
import type { KeyAttribute, LdapTable } from "./table.ts";

const kinds: Readonly<Record<Role, ListedKind>> = { address: "address", domain: "catch-all", grant: "grant" };

/** What stands in a value where the address does, by the role of the filter. */
const wholes: Readonly<Record<Role, readonly (readonly (string | KeyPart)[])[]>> = {
  address: [[keyParts.email], [keyParts.user, "@", keyParts.domain]],
  grant: [[keyParts.email], [keyParts.user, "@", keyParts.domain]],
  domain: [[keyParts.domain]],
};

/** Finds the attributes that the tables compare with an address, or in the role `domain` with its domain. */
export function keyAttributes(tables: Readonly<Partial<Record<Role, LdapTable>>>): readonly KeyAttribute[] {
  const found = (Object.keys(tables) as Role[]).flatMap((role) =>
    comparisonsIn((tables[role] as LdapTable).filter).flatMap(({ attribute, value }) => {
      const around = aroundWhole(value, wholes[role]);
      return around === undefined ? [] : [{ attribute, ...around, role }];
    }),
  );
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

/** An address of an entry, as a listing names it. */
export interface ListedKey {
  /** `user@domain` or `@domain`. */
  readonly key: string;
  readonly kind: ListedKind;
}

/** Reads the addresses of an entry, each once. A value that is no text is none. */
export function keysOf(attributes: readonly Attribute[], keys: readonly KeyAttribute[]): ListedKey[] {
  const found = attributes.flatMap(({ type, values }) =>
    keys
      .filter(({ attribute }) => isSubtype(type, attribute))
      .flatMap((from) => values.map((value) => keyIn(value, from)))
      .filter((key) => key !== undefined),
  );
  return [...new Map(found.map((one) => [`${one.kind} ${one.key}`, one])).values()];
}

function keyIn(value: string | Buffer, { before, after, role }: KeyAttribute): ListedKey | undefined {
  if (typeof value !== "string" || value.length <= before.length + after.length) return undefined;
  const isAround = value.slice(0, before.length).toLowerCase() === before && value.toLowerCase().endsWith(after);
  if (!isAround) return undefined;
  const whole = value.slice(before.length, value.length - after.length);
  const key = role === "domain" ? `@${whole}` : whole;
  // A filter of whole addresses meets an attribute that holds catch-alls too.
  return { key, kind: key.startsWith("@") && role === "address" ? "catch-all" : kinds[role] };
}

interface EqualityOf {
  readonly attribute: string;
  readonly value: FilterValue;
}

/** What an entry must be equal to somewhere; what it must not be says nothing of its addresses. */
function comparisonsIn(filter: FilterTemplate): readonly EqualityOf[] {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.filters.flatMap(comparisonsIn);
    case "equal":
      return [filter];
    case "extensible":
      return filter.attribute === "" ? [] : [filter];
    default:
      return [];
  }
}

/** What stands before and after one of the wholes, in lower case; `undefined` when the value is none of them. */
function aroundWhole(value: FilterValue, wholes: readonly (readonly (string | KeyPart)[])[]) {
  const pieces = value.map((piece) => (typeof piece === "function" ? piece : piece.toString("utf8").toLowerCase()));
  const first = pieces.findIndex((piece) => typeof piece === "function");
  const last = pieces.findLastIndex((piece) => typeof piece === "function");
  if (first === -1) return undefined;
  const middle = pieces.slice(first, last + 1);
  const isWhole = wholes.some(
    (whole) => whole.length === middle.length && whole.every((piece, i) => piece === middle[i]),
  );
  if (!isWhole) return undefined;
  return { before: pieces.slice(0, first).join(""), after: pieces.slice(last + 1).join("") };
}
