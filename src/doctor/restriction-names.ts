/**
 * The restrictions that smtpd knows, and what each takes as its argument.
 *
 * @see generic_checks() in smtpd_check.c and mail_params.h, Postfix 3.12; access(5)
 */
import { nearestName } from "../model/nearest.ts";

/**
 * What stands behind the name of a restriction.
 *
 * table: a word with a colon or in braces; without one smtpd says 451. endpoint: the same, of a policy service. number: the
 * seconds of `sleep`. domain: the next word, whatever it is. none: nothing.
 */
export type Argument = "none" | "table" | "endpoint" | "number" | "domain";

const withoutArgument = `
  permit reject defer defer_if_permit defer_if_reject warn_if_reject
  reject_unauth_pipelining reject_plaintext_session reject_multi_recipient_bounce
  reject_unknown_client reject_unknown_client_hostname reject_unknown_reverse_client_hostname
  reject_unknown_forward_client_hostname permit_inet_interfaces permit_mynetworks reject_maps_rbl
  reject_invalid_helo_hostname reject_invalid_hostname reject_unknown_helo_hostname reject_unknown_hostname
  permit_naked_ip_address reject_non_fqdn_helo_hostname reject_non_fqdn_hostname
  reject_non_fqdn_sender reject_unknown_address reject_unknown_sender_domain reject_unlisted_sender
  reject_unverified_sender reject_authenticated_sender_login_mismatch reject_known_sender_login_mismatch
  reject_sender_login_mismatch reject_unauthenticated_sender_login_mismatch
  permit_mx_backup permit_auth_destination reject_unauth_destination defer_unauth_destination check_relay_domains
  permit_sasl_authenticated permit_tls_all_clientcerts permit_tls_clientcerts reject_unknown_recipient_domain
  reject_non_fqdn_recipient check_recipient_maps reject_unlisted_recipient reject_unverified_recipient`;

const withTable = `
  check_client_access check_client_a_access check_client_mx_access check_client_ns_access
  check_reverse_client_hostname_access check_reverse_client_hostname_a_access
  check_reverse_client_hostname_mx_access check_reverse_client_hostname_ns_access
  check_ccert_access check_sasl_access check_etrn_access
  check_helo_access check_helo_a_access check_helo_mx_access check_helo_ns_access
  check_sender_access check_sender_a_access check_sender_mx_access check_sender_ns_access
  check_recipient_access check_recipient_a_access check_recipient_mx_access check_recipient_ns_access`;

const withDomain = `
  reject_rbl reject_rbl_client reject_rhsbl_client reject_rhsbl_reverse_client reject_rhsbl_helo reject_rhsbl_sender
  reject_rhsbl_recipient permit_dnswl_client permit_rhswl_client`;

const namesOf = (text: string, argument: Argument) =>
  text
    .trim()
    .split(/\s+/)
    .map((name): [string, Argument] => [name, argument]);

const argumentByName: ReadonlyMap<string, Argument> = new Map([
  ...namesOf(withoutArgument, "none"),
  ...namesOf(withTable, "table"),
  ...namesOf(withDomain, "domain"),
  ["check_policy_service", "endpoint"],
  ["sleep", "number"],
]);

/** Tells what a restriction takes; `undefined` when smtpd knows none of this name, in whatever case. */
export function argumentOf(name: string): Argument | undefined {
  return argumentByName.get(name.toLowerCase());
}

/** Finds the restriction that a misspelt word means: two letters amiss at most, for `owners` is no misspelt `defer`. */
export function meantBy(word: string): string | undefined {
  const nearest = nearestName(word, argumentByName.keys());
  return nearest !== undefined && Math.abs(nearest.length - word.length) <= 2 && word.length > 8 ? nearest : undefined;
}
