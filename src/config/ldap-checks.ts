/** What must hold between the keys of a source in a directory. */
import type { LdapServer } from "../model/settings.ts";
import type { Problems } from "./problems.ts";
import type { SourceDraft } from "./schema-sources.ts";

/** Checks where the filters come from, and that they can find an owner. */
export function checkFilters(path: string, draft: SourceDraft, findings: Problems): void {
  const given = ["filters", "postfix_cf"].filter((key) => findings.isGiven(`${path}.${key}`));
  if (given.length !== 1) {
    const got = given.length === 0 ? "" : ", not both";
    findings.problem(path, `one of filters and postfix_cf is needed: what is the directory asked?${got}`);
    return;
  }
  if (draft.filters === undefined || findings.hasProblemUnder(`${path}.filters`)) return;
  const { address, domain, grant, domains } = draft.filters;
  if (address === undefined && domain === undefined && grant === undefined) {
    findings.problem(
      `${path}.filters`,
      "at least one of address, domain and grant is needed: domains alone names no owner",
    );
  }
  if (draft.result_attribute.length === 0 && draft.login_attribute === undefined) {
    findings.problem(path, "login_attribute or result_attribute is needed: which attribute names the owner?");
  }
  if (domains !== undefined && draft.domain_attribute.length === 0) {
    findings.problem(path, "domain_attribute is needed with filters.domains: which attribute names the domain?");
  }
}

/** Checks who binds, and whether a password would cross the network as it is. */
export function checkDirectory(path: string, draft: SourceDraft, findings: Problems): void {
  const hasPassword = findings.isGiven(`${path}.bind_password`) || findings.isGiven(`${path}.bind_password_file`);
  const { bind_dn: dn } = draft;
  if (dn === undefined && hasPassword) findings.problem(path, "bind_dn is needed with a password: whose is it?");
  if (dn !== undefined && !hasPassword) {
    findings.problem(
      path,
      "bind_password_file is needed with bind_dn: without a password a server binds as nobody, or refuses",
    );
  }
  const isFromFile = findings.isGiven(`${path}.postfix_cf`) && !findings.isGiven(`${path}.uri`);
  if (isFromFile || draft.start_tls === true) return;
  if (draft.uri.some(isInTheClear)) {
    findings.warning(
      `${path}.uri`,
      "what is said, the password too, crosses the network as it is: use ldaps:// or start_tls",
    );
  }
}

function isInTheClear({ endpoint, isTls }: LdapServer): boolean {
  return endpoint.kind === "inet" && !isTls && !/^(?:127\.|::1$|localhost$)/i.test(endpoint.host);
}
