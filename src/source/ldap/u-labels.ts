/**
 * Finds values whose domain is written as U-label, in the attributes that a filter compares with an address: keys are bound with
 * the A-label, so nobody finds them. `check --connect` names one.
 */
import { splitAddress } from "../../model/address.ts";
import { SourceError } from "../../model/errors.ts";
import type { Role } from "../../model/keys.ts";
import { unfindableRows } from "../hosted-domains.ts";
import { SessionError } from "../session.ts";
import type { FilterTemplate } from "./filter-template.ts";
import { keyAttributes, keysOf } from "./key-attributes.ts";
import { escapeDnPart, fillText, hasKeyPart } from "./key-text.ts";
import { noKey } from "./search.ts";
import type { LdapSession } from "./session.ts";
import type { LdapTable } from "./table.ts";

// Active Directory sends a thousand entries at most.
const pageSize = 500;

/**
 * Looks at every entry of the base that has such an attribute.
 *
 * @returns a note, also where the server shows no more than some of them; `undefined` when nothing is to be said
 */
export async function noteOnULabels(session: LdapSession, role: Role, table: LdapTable): Promise<string | undefined> {
  const keys = keyAttributes({ [role]: table });
  if (keys.length === 0 || hasKeyPart(table.base)) return undefined;
  const attributes = [...new Set(keys.map(({ attribute }) => attribute))];
  const filter: FilterTemplate = {
    kind: "or",
    filters: attributes.map((attribute) => ({ kind: "present", attribute })),
  };
  const { scope, dereference } = table;
  const base = fillText(table.base, noKey, escapeDnPart);
  const found = new Map<string, string>();
  try {
    const search = { base, scope, dereference, filter, key: noKey, attributes, sizeLimit: 0 };
    for await (const page of session.pages(search, pageSize)) {
      for (const { key } of page.flatMap((entry) => keysOf(entry.attributes, keys))) {
        const { domain } = splitAddress(key);
        if (/[^\0-\x7f]/.test(domain)) found.set(domain, key);
      }
    }
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof SessionError)) throw error;
    return `could not look for domains that are not written as A-label: ${error.message}`;
  }
  return unfindableRows(found);
}
