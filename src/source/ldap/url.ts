/** Reads an LDAP URL that stands in an entry (RFC 4516): what to search next. Its host does not count: the open connection is used. */
import { isSubtype } from "./attributes.ts";
import { anyEntry, type FilterTemplate, parseFilter } from "./filter-template.ts";

/** How far below its base a search looks. */
export type Scope = "base" | "one" | "sub" | "children";

/** What a URL asks for. */
export interface UrlSearch {
  readonly base: string;
  readonly scope: Scope;
  readonly filter: FilterTemplate;
  /** Empty = those that the table takes. */
  readonly attributes: readonly string[];
}

const prefix = /^<?(?:URL:)?(?:ldap|ldaps|ldapi):\/\//i;

const scopes: Readonly<Record<string, Scope>> = {
  "": "base",
  base: "base",
  one: "one",
  onelevel: "one",
  onetree: "one",
  sub: "sub",
  subtree: "sub",
  children: "children",
  subord: "children",
  subordinate: "children",
};

/** Whether a value is a URL rather than a DN. */
export function isLdapUrl(value: string): boolean {
  return prefix.test(value);
}

/** @returns `undefined` when the URL is malformed, or has an extension that we do not know and must not ignore */
export function parseLdapUrl(value: string): UrlSearch | undefined {
  const rest = value.replace(prefix, "").replace(value.startsWith("<") ? />$/ : /$^/, "");
  const slash = rest.indexOf("/");
  const [base = "", attributes = "", scope = "", filter = "", ...extensions] =
    slash === -1 ? [] : rest.slice(slash + 1).split("?");
  const meant = scopes[scope.toLowerCase()];
  if (meant === undefined || extensions.some((extension) => /(?:^|,)!/.test(extension))) return undefined;
  try {
    const template = filter === "" ? anyEntry : parseFilter([decodeURIComponent(filter)]);
    if ("problem" in template) return undefined;
    const names = attributes.split(",").filter((name) => name !== "");
    return {
      base: decodeURIComponent(base),
      scope: meant,
      filter: template,
      attributes: names.map(decodeURIComponent),
    };
  } catch {
    // A % that begins no character.
    return undefined;
  }
}

/** The attributes to ask for: those of the URL that the table takes too. Empty when they have none in common. */
export function attributesInCommon(named: readonly string[], taken: readonly string[]): readonly string[] {
  if (named.length === 0 || named.includes("*")) return taken;
  const narrower = named.filter((name) => taken.some((wanted) => isSubtype(name, wanted)));
  const wider = taken.filter((wanted) => named.some((name) => isSubtype(wanted, name) && !isSubtype(name, wanted)));
  return [...narrower, ...wider];
}
