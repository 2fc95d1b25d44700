/** Which services let clients log in, and what each of them is for. */
import type { PostfixConfig, Service } from "./postfix.ts";
import { occurrencesIn } from "./restrictions.ts";

/** Tells whether clients can log in at all. Without it smtpd ignores every restriction that asks the map (measured, 3.7). */
export function takesLogins(service: Service): boolean {
  return service.isYes("smtpd_sasl_auth_enable");
}

/** Tells whether mail from other servers arrives here: port 25, or what postscreen(8) passes on. */
export function isPublic({ name, type }: Service): boolean {
  return type === "pass" || (type === "inet" && /(^|:)(smtp|25)$/.test(name) && !isLoopback(name));
}

/** The services whose senders have to be checked. */
export function loginServices({ smtpd }: PostfixConfig): Service[] {
  return smtpd.filter((service) => takesLogins(service) && !isReinjection(service));
}

/**
 * The services whose way to the map is of interest: where people log in, else where a restriction asks, else every one.
 */
export function askingServices(postfix: PostfixConfig): readonly Service[] {
  const logins = loginServices(postfix);
  if (logins.length > 0) return logins;
  const asking = postfix.smtpd.filter((service) => occurrencesIn(service).length > 0);
  return asking.length > 0 ? asking : postfix.smtpd;
}

/**
 * A content filter hands mail back on a loopback port, which inherits `smtpd_sasl_auth_enable` from main.cf; nobody logs in
 * there. A service that switches it on by itself is meant for logins.
 */
function isReinjection(service: Service): boolean {
  return (
    isLoopback(service.name) && !service.isOverridden("smtpd_sasl_auth_enable") && occurrencesIn(service).length === 0
  );
}

function isLoopback(name: string): boolean {
  return /^(127\.[\d.]+|localhost|\[::1\]):/.test(name);
}
