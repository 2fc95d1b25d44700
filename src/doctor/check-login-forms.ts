/** Whether logins as Dovecot returns them are written as the owners of the map are: smtpd compares them letter by letter. */
import type { Finding } from "./finding.ts";
import type { LoginFormat, Patient } from "./observations.ts";

// A few service accounts of another form are no contradiction.
const mostShare = 0.9;

/** Says of each map whose owners nobody can log in as, and which key makes the two fit. */
export function checkLoginForms({ settings, observations }: Patient): Finding[] {
  const { loginFormat, owners } = observations;
  if (loginFormat === undefined || owners === undefined) return [];
  const common = { check: "login-form", severity: "error", services: [] } as const;
  return [...owners].flatMap(([name, forms]): Finding[] => {
    const full = [...forms.byDomain.values()].reduce((sum, count) => sum + count, 0);
    const all = full + forms.bare;
    if (all === 0) return [];
    if (returnsBareLogins(loginFormat) && full >= all * mostShare) {
      if (settings.maps[name]?.loginRealm !== undefined) return [];
      const [only, ...others] = [...forms.byDomain.keys()];
      const change =
        only !== undefined && others.length === 0
          ? { where: "loginmapd.yaml", line: `maps.${name}.login_realm: ${only}` }
          : { where: "Dovecot", line: "auth_username_format = %Lu" };
      return [
        {
          ...common,
          title: `Dovecot returns logins without their domain (auth_username_format = ${loginFormat.format}), and the owners of map ${name} have one`,
          consequence: "Everybody is refused with his own address: alice is not alice@example.com.",
          changes: [change],
        },
      ];
    }
    if (returnsFullLogins(loginFormat) && forms.bare >= all * mostShare) {
      return [
        {
          ...common,
          title: `Dovecot completes logins with ${loginFormat.realm}, and the owners of map ${name} have no domain`,
          consequence: "Everybody is refused with his own address: alice@example.com is not alice.",
          changes: [{ where: "Dovecot", line: "auth_username_format = %Ln" }],
        },
      ];
    }
    return [];
  });
}

/** `%n` and its forms of Dovecot 2.3 (`%Ln`, `%5n`) and 2.4 (`%{user|username}`), with nothing that brings the domain back. */
function returnsBareLogins({ format }: LoginFormat): boolean {
  const takesLocalpart = /%[A-Z\d.-]*n|\{\s*user\s*\|\s*username/.test(format);
  return takesLocalpart && !/%[A-Z\d.-]*d|\|\s*domain|@/.test(format);
}

/** With a realm set, no login is without a domain, unless the format takes it off. */
function returnsFullLogins(login: LoginFormat): boolean {
  return login.realm !== "" && !returnsBareLogins(login);
}
