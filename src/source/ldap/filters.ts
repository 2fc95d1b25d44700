/** Makes the plan of `filters:`: search filters of the site's own, one per role, with `:email`, `:user` and `:domain` in them. */
import { ConfigError, type ConfigProblem } from "../../model/errors.ts";
import type { Key, Role } from "../../model/keys.ts";
import { nearestName } from "../../model/nearest.ts";
import type { FilterSettings } from "../../model/settings.ts";
import { type FilterTemplate, parseFilter } from "./filter-template.ts";
import { keyAttributes } from "./key-attributes.ts";
import { hasKeyPart, type KeyPart, type KeyText, keyParts } from "./key-text.ts";
import type { LdapPlan, LdapTable, ListingTable } from "./table.ts";

const parts: Readonly<Record<string, KeyPart>> = keyParts;

const roles = ["address", "domain", "grant"] as const;

// Deeper groups than these hold each other, or ought to be flattened.
const recursionLimit = 100;

/**
 * Makes the plan.
 *
 * A filter, or a base, is not asked for a key that lacks a part that stands in it: nothing between the stars of `(mail=*:user*)` is
 * everybody's. Nor is any asked for a localpart that begins or ends with a blank, or has two in a row, since a directory compares
 * without them and would give such an address to another's owner.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID with every problem; `path` is `search_base` or `filters.<role>`
 */
export function planOfFilters(settings: FilterSettings): LdapPlan {
  const problems: ConfigProblem[] = [];
  const base = readText("search_base", settings.searchBase, problems);
  const read = (name: string, text: string, attributes: LdapTable["attributes"]): LdapTable => {
    const path = `filters.${name}`;
    const written = readText(path, text, problems);
    const filter = parseFilter(written);
    if ("problem" in filter) problems.push({ path, message: filter.problem });
    return tableOf(settings, base, [...written, ...base], "problem" in filter ? nothing : filter, attributes);
  };
  const { resultAttribute, loginAttribute, memberAttribute, domainAttribute, filters } = settings;
  const leaf = loginAttribute === undefined ? [] : [loginAttribute];
  const owners = { result: resultAttribute, leaf, terminal: [], special: memberAttribute };
  const tables: Partial<Record<Role, LdapTable>> = {};
  for (const role of roles) {
    const text = filters[role];
    if (text !== undefined) tables[role] = read(role, text, owners);
  }
  const names = { result: domainAttribute, leaf: [], terminal: [], special: [] };
  const domains = filters.domains === undefined ? undefined : read("domains", filters.domains, names);
  if (filters.domains !== undefined && hasKeyPart(readText("filters.domains", filters.domains, []))) {
    problems.push({ path: "filters.domains", message: "lists all domains: no part of an address can stand in it" });
  }
  const listing =
    filters.listing === undefined
      ? undefined
      : { table: read("listing", filters.listing, owners), keys: keyAttributes(tables) };
  if (listing !== undefined) problems.push(...listingProblems(filters.listing ?? "", base, listing));
  if (problems.length > 0) throw new ConfigError("ERR_CONFIG_INVALID", problems);
  return { keyForm: "roles", roles: tables, ...(domains && { domains }), ...(listing && { listing }) };
}

function listingProblems(filter: string, base: KeyText, { keys }: ListingTable): ConfigProblem[] {
  const path = "filters.listing";
  if (hasKeyPart(readText(path, filter, []))) {
    return [{ path, message: "lists everything: no part of an address can stand in it" }];
  }
  if (hasKeyPart(base)) return [{ path, message: "needs a search_base in which no part of an address stands" }];
  if (keys.length > 0) return [];
  const message = "no other filter compares an attribute with :email, so nothing tells the addresses of an entry";
  return [{ path, message }];
}

// Stands in for a filter that was refused.
const nothing: FilterTemplate = { kind: "or", filters: [] };

function tableOf(
  { scope }: FilterSettings,
  base: KeyText,
  asked: KeyText,
  filter: FilterTemplate,
  attributes: LdapTable["attributes"],
): LdapTable {
  const needed = new Set(asked.filter((piece) => typeof piece === "function"));
  return {
    base,
    scope,
    filter,
    dereference: "never",
    attributes,
    sizeLimit: 0,
    expansionLimit: 0,
    recursionLimit,
    takes: (key) => [...needed].every((part) => part(key) !== "") && !hasIdleBlanks(key),
    format: (value) => (value === "" ? undefined : value),
  };
}

function hasIdleBlanks({ user, domain }: Key): boolean {
  return /^ | {2}| $/.test(user) || /^ | $/.test(domain);
}

const placeholder = /:(email|user|domain)(?![A-Za-z0-9_-])/;

/** Takes the placeholders out of a text. A word that is nearly one is more likely a slip than a value. */
function readText(path: string, text: string, problems: ConfigProblem[]): KeyText {
  const pieces = text.split(placeholder);
  const read = pieces.map((piece, i) => (i % 2 === 1 ? (parts[piece] as KeyPart) : piece));
  for (const piece of read) {
    if (typeof piece !== "string") continue;
    for (const [, word = ""] of piece.matchAll(/[=:]:([A-Za-z_]+)(?!:)/g)) {
      const meant = nearestName(word, Object.keys(parts));
      const hint = meant === undefined ? "" : `; the nearest is :${meant}`;
      problems.push({ path, message: `there is no placeholder :${word}: expected :email, :user or :domain${hint}` });
    }
  }
  return read.filter((piece) => piece !== "");
}
