/** Finds out whether a filter compares the whole address, or may find entries for any number of addresses. */
import type { RowProof } from "../../model/source.ts";
import { holdsSample, sampleKey } from "../sql/row-proof.ts";
import type { FilterTemplate, FilterValue } from "./filter-template.ts";
import type { LdapTable } from "./table.ts";

type Part = "email" | "user" | "domain";

const allParts: readonly Part[] = ["email", "user", "domain"];

/** What shows that an answer is of an entry of its own. */
export function rowProofOf({ filter, format }: LdapTable): RowProof {
  const compared = comparedIn(filter);
  if (compared.has("email") || (compared.has("user") && compared.has("domain"))) return "query";
  return holdsSample(format("value@example.com", sampleKey) ?? "") ? "none" : "owner";
}

/** What every entry that passes has a value equal to. */
function comparedIn(filter: FilterTemplate): ReadonlySet<Part> {
  switch (filter.kind) {
    case "equal":
      return new Set(allParts.filter((part) => fill(filter.value).includes(sampleKey[part])));
    case "and":
      return new Set(filter.filters.flatMap((one) => [...comparedIn(one)]));
    case "or": {
      const each = filter.filters.map(comparedIn);
      return new Set(allParts.filter((part) => each.length > 0 && each.every((compared) => compared.has(part))));
    }
    default:
      return new Set();
  }
}

function fill(value: FilterValue): string {
  return value.map((piece) => (typeof piece === "function" ? piece(sampleKey) : piece.toString("utf8"))).join("");
}
