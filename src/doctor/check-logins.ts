/** Whether clients find a way to log in: AUTH is offered, and with a mechanism that they know. */

import { splitList } from "../model/postfix-list.ts";
import { formatEndpoint } from "../model/settings.ts";
import { saslEndpoint } from "./check-sasl-socket.ts";
import type { Finding } from "./finding.ts";
import { loginServices } from "./logins.ts";
import type { Patient } from "./observations.ts";
import type { Service } from "./postfix.ts";

/** AUTH that is offered under TLS only, on a service without TLS, is offered to nobody. */
export function checkTls({ postfix }: Patient): Finding[] {
  return loginServices(postfix).flatMap((service): Finding[] => {
    const level = tlsLevel(service);
    const isHidden = service.isYes("smtpd_tls_auth_only") || level === "encrypt";
    if (!isHidden || service.isYes("smtpd_tls_wrappermode")) return [];
    const consequence = "Nobody can log in: AUTH is hidden until the session is encrypted, and it cannot be.";
    const common = { check: "auth-hidden", severity: "error", services: [service.name], consequence } as const;
    if (level === "none") {
      return [
        {
          ...common,
          title: "smtpd_tls_auth_only = yes on a service without TLS (smtpd_tls_security_level = none)",
          changes: [service.change("smtpd_tls_security_level", "may")],
        },
      ];
    }
    if (hasCertificate(service)) return [];
    return [
      {
        ...common,
        title: "AUTH is offered under TLS only, but no certificate is set",
        changes: [
          { where: "main.cf", line: "smtpd_tls_cert_file = /etc/ssl/certs/HOST.pem" },
          { where: "main.cf", line: "smtpd_tls_key_file = /etc/ssl/private/HOST.key" },
        ],
      },
    ];
  });
}

function tlsLevel(service: Service): "none" | "may" | "encrypt" {
  const level = service.value("smtpd_tls_security_level").toLowerCase();
  if (level === "encrypt" || level === "may" || level === "none") return level;
  if (service.isYes("smtpd_enforce_tls")) return "encrypt";
  return service.isYes("smtpd_use_tls") ? "may" : "none";
}

function hasCertificate(service: Service): boolean {
  const names = ["smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_dcert_file", "smtpd_tls_eccert_file"];
  return names.some((name) => service.value(name) !== "");
}

/** Old clients know LOGIN alone; with Dovecot, Postfix's own realm has no effect. */
export function checkMechanisms({ postfix, observations }: Patient): Finding[] {
  return loginServices(postfix).flatMap((service): Finding[] => {
    const endpoint = saslEndpoint(service, postfix);
    if (endpoint === undefined) return [];
    const answer = observations.sasl.get(formatEndpoint(endpoint));
    return [
      ...(answer?.kind === "mechanisms" ? missingLogin(service, answer.names) : []),
      ...(service.value("smtpd_sasl_local_domain") === "" ? [] : [uselessRealm(service)]),
    ];
  });
}

function missingLogin(service: Service, names: readonly string[]): Finding[] {
  const common = {
    check: "login-mechanism",
    severity: "warning",
    services: [service.name],
    consequence: "Old clients that know no other mechanism (Outlook, scanners, printers) cannot log in.",
  } as const;
  // LOGIN is the other form of PLAIN. Who offers neither (OAuth, certificates, SCRAM) wants no plain passwords.
  if (!names.includes("PLAIN") && !names.includes("LOGIN")) return [];
  if (!names.includes("LOGIN")) {
    const offered = [...names.map((name) => name.toLowerCase()), "login"];
    const changes = [{ where: "Dovecot", line: `auth_mechanisms = ${offered.join(" ")}` }];
    return [{ ...common, title: `Dovecot does not offer the mechanism LOGIN (it has ${names.join(", ")})`, changes }];
  }
  const filter = "smtpd_sasl_mechanism_filter";
  const words = splitList(service.value(filter).toLowerCase());
  const decisive = words.find((word) => word.replace(/^!/, "") === "login" || /[:/]/.test(word));
  if (words.length > 0 && (decisive === undefined || decisive === "!login")) {
    const value = decisive === undefined ? [...words, "login"] : words.filter((word) => word !== decisive);
    const changes = [service.change(filter, value.join(", "))];
    return [{ ...common, title: `${filter} takes the mechanism LOGIN out`, changes }];
  }
  const hasTls = tlsLevel(service) !== "none" || service.isYes("smtpd_tls_wrappermode");
  const options = hasTls ? "smtpd_sasl_tls_security_options" : "smtpd_sasl_security_options";
  const set = splitList(service.value(options).toLowerCase());
  if (!set.includes("noplaintext")) return [];
  const rest = set.filter((word) => word !== "noplaintext");
  const changes = [service.change(options, rest.join(", "))];
  return [{ ...common, title: `noplaintext in ${options} takes the mechanisms PLAIN and LOGIN out`, changes }];
}

function uselessRealm(service: Service): Finding {
  const realm = service.value("smtpd_sasl_local_domain");
  return {
    check: "sasl-local-domain",
    severity: "notice",
    services: [service.name],
    title: `smtpd_sasl_local_domain = ${realm} has no effect with Dovecot`,
    consequence: "A login without a domain is compared with the owners as it is: alice is not alice@example.com.",
    changes: [
      service.change("smtpd_sasl_local_domain", ""),
      { where: "Dovecot 2.3", line: `auth_default_realm = ${realm}` },
      { where: "Dovecot 2.4", line: `auth_default_domain = ${realm}` },
    ],
  };
}
