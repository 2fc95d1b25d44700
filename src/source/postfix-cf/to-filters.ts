/** Writes an ldap_table(5) as the filters by role of our own configuration, where both give the same answers. */
import { formatLdapUri } from "../../model/ldap-uri.ts";
import type { ConnectionSettings } from "../../model/settings.ts";
import { parseTemplate } from "./expansions.ts";
import type { Assignment } from "./lines.ts";
import type { NotExpressible } from "./to-queries.ts";

type LdapConnection = Extract<ConnectionSettings, { driver: "ldap" }>;

/** What filters cannot say, and why not: a parameter with one of these names that has a value. */
const noFilter: Readonly<Record<string, string>> = {
  result_format: "result_format changes what the directory answers",
  result_filter: "result_filter changes what the directory answers",
  domain: "domain filters the keys",
  expansion_limit: "expansion_limit bounds the answer",
  size_limit: "size_limit bounds the answer",
  recursion_limit: "recursion_limit bounds the answer",
  terminal_result_attribute: "terminal_result_attribute ends a search",
  dereference: "dereference follows aliases",
};

/**
 * Translates.
 *
 * @param name of the source, for the file of its password
 * @returns the keys of the source with their values, `undefined` where it has none; the password is not among them
 */
export function toFilters(
  said: readonly Assignment[],
  connection: LdapConnection,
  name: string,
): { readonly keys: Readonly<Record<string, unknown>> } | NotExpressible {
  const value = new Map(said.map((one) => [one.name, one.value]));
  const [because] = Object.entries(noFilter).flatMap(([parameter, reason]) =>
    ["", "0", "%s"].includes(value.get(parameter) ?? "") ? [] : [reason],
  );
  if (because !== undefined) return { because };
  const list = (parameter: string) => (value.get(parameter) ?? "").split(/[ ,\t\r\n]+/).filter((item) => item !== "");
  const [leaf, ...leaves] = list("leaf_result_attribute");
  if (leaves.length > 0) return { because: "it has several leaf attributes" };
  const query = (value.get("query_filter") ?? "(mailacceptinggeneralid=%s)").replaceAll(/\s+/g, " ");
  const base = value.get("search_base") ?? "";
  if (base === "") return { because: "it has no search base" };
  const [address, addressBase] = [spell(query, addressParts), spell(base, addressParts)];
  if (address === undefined || addressBase === undefined) {
    return { because: "its filter takes the key apart in a way that has no placeholder" };
  }
  // A table that takes the localpart looks no @domain key up; where the base takes the address, the roles would need two bases.
  const domain = spell(base, domainParts) === addressBase ? spell(query, domainParts) : undefined;
  if (domain === undefined && spell(query, domainParts) !== undefined && spell(base, domainParts) !== undefined) {
    return { because: "its base takes the whole address" };
  }
  const { servers, startTls, bind, tls } = connection;
  const keys = {
    driver: "ldap",
    uri: servers.map(formatLdapUri),
    ...(startTls && { start_tls: true }),
    ...(bind && { bind_dn: bind.dn, bind_password_file: `/etc/loginmapd/${name}-password` }),
    ...(tls && { tls: { ca_file: tls.caFile, cert_file: tls.certFile, key_file: tls.keyFile, verify: tls.verify } }),
    search_base: addressBase,
    scope: scopeOf(value.get("scope")),
    filters: { address, domain },
    result_attribute: value.has("result_attribute") ? list("result_attribute") : ["maildrop"],
    login_attribute: leaf,
    ...(value.has("special_result_attribute") && { member_attribute: list("special_result_attribute") }),
  };
  return { keys };
}

type Parts = Readonly<Record<string, string | undefined>>;

const addressParts: Parts = { s: ":email", u: ":user", d: ":domain" };
const domainParts: Parts = { s: "@:domain", d: ":domain" };

/** Writes a template with placeholders; `undefined` when it has a part without one, or text that would be taken for one. */
function spell(text: string, parts: Parts): string | undefined {
  const template = parseTemplate(text);
  if ("invalid" in template) return undefined;
  let spelt = "";
  for (const piece of template) {
    const part = typeof piece === "string" ? piece : parts[piece.expansion.toLowerCase()];
    if (part === undefined) return undefined;
    // What follows a placeholder must not go on with its name.
    if (/:(?:email|user|domain)$/.test(spelt) && /^[A-Za-z0-9_-]/.test(part)) return undefined;
    if (typeof piece === "string" && /[=:]:[A-Za-z_]|:(?:email|user|domain)/.test(piece)) return undefined;
    spelt += part;
  }
  return spelt;
}

function scopeOf(scope = "sub"): string {
  const known = scope.toLowerCase();
  return known === "one" || known === "base" ? known : "sub";
}
