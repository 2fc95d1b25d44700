/** The restrictions of smtpd that read `smtpd_sender_login_maps` (smtpd_check.c, check_mail_sender_login and its four callers). */

/** All of them, the one that we recommend first. */
export const mismatchRestrictions = [
  "reject_authenticated_sender_login_mismatch",
  "reject_unauthenticated_sender_login_mismatch",
  "reject_sender_login_mismatch",
  "reject_known_sender_login_mismatch",
] as const;

/** One of them. */
export type MismatchRestriction = (typeof mismatchRestrictions)[number];
