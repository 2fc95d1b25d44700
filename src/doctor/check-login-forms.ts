/** Whether logins as Dovecot returns them are written as the owners of the map are: smtpd compares them letter by letter. */
import type { Finding } from "./finding.ts";
import type { LoginFormat, OwnerForms, Patient } from "./observations.ts";

// A few service accounts of another form are no contradiction.
const mostShare = 0.9;

/** Says of each map whose owners nobody can log in as, and which key makes the two fit. */
export function checkLoginForms({ settings, observations }: Patient): Finding[] {
  const { loginFormat, owners } = observations;
  if (loginFormat === undefined || owners === undefined) return [];
  return [...owners].flatMap(([name, forms]): Finding[] => {
    const full = [...forms.byDomain.values()].reduce((sum, count) => sum + count, 0);
    const owned = { name, realm: settings.maps[name]?.loginRealm, forms, full, all: full + forms.bare };
    if (owned.all === 0) return [];
    if (returnsBareLogins(loginFormat)) return ofBareLogins(loginFormat, owned);
    return loginFormat.realm === "" ? [] : ofFullLogins(loginFormat, owned);
  });
}

/** A map, and its owners counted. */
interface Owned {
  readonly name: string;
  /** `login_realm` */
  readonly realm: string | undefined;
  readonly forms: OwnerForms;
  /** Owners with a domain. */
  readonly full: number;
  readonly all: number;
}

const common = { check: "login-form", severity: "error", services: [] } as const;

function ofBareLogins(login: LoginFormat, { name, realm, forms, full, all }: Owned): Finding[] {
  if (full < all * mostShare) return [];
  const isRealmOwned = realm !== undefined && forms.byDomain.has(realm.toLowerCase());
  if (isRealmOwned) return [];
  const [only, ...others] = [...forms.byDomain.keys()];
  const change =
    only !== undefined && others.length === 0
      ? { where: "loginmapd.yaml", line: `maps.${name}.login_realm: ${only}` }
      : { where: "Dovecot", line: `auth_username_format = ${inSyntaxOf(login, "%Lu", "%{user | lower}")}` };
  const which = realm === undefined ? "one" : `another than login_realm ${realm}`;
  return [
    {
      ...common,
      title: `Dovecot returns logins without their domain (auth_username_format = ${login.format}), and the owners of map ${name} have ${which}`,
      consequence: "Everybody is refused with his own address: alice is not alice@example.com.",
      changes: [change],
    },
  ];
}

/** With a realm set, no login is without a domain, unless the format takes it off. */
function ofFullLogins(login: LoginFormat, { name, forms, full, all }: Owned): Finding[] {
  if (forms.bare >= all * mostShare) {
    return [
      {
        ...common,
        title: `Dovecot completes logins with ${login.realm}, and the owners of map ${name} have no domain`,
        consequence: "Everybody is refused with his own address: alice@example.com is not alice.",
        changes: [
          {
            where: "Dovecot",
            line: `auth_username_format = ${inSyntaxOf(login, "%Ln", "%{user | username | lower}")}`,
          },
        ],
      },
    ];
  }
  if (full < all * mostShare || forms.byDomain.has(login.realm.toLowerCase())) return [];
  const [[most = ""] = []] = [...forms.byDomain].toSorted(([, a], [, b]) => b - a);
  return [
    {
      ...common,
      // Who types his domain is not completed.
      severity: "warning",
      title: `Dovecot completes logins with ${login.realm}, and no owner of map ${name} has that domain`,
      consequence: `Whoever logs in without a domain is refused with his own address: alice@${login.realm} is not alice@${most}.`,
      changes: [
        { where: "Dovecot", line: `${inSyntaxOf(login, "auth_default_realm", "auth_default_domain")} = ${most}` },
      ],
    },
  ];
}

/** Dovecot 2.4 takes `%{name | filter}` alone, 2.3 letters. */
function inSyntaxOf({ format }: LoginFormat, letters: string, names: string): string {
  return format.includes("%{") ? names : letters;
}

/** `%n` and its forms of Dovecot 2.3 (`%Ln`, `%5n`) and 2.4 (`%{user|username}`), with nothing that brings the domain back. */
function returnsBareLogins({ format }: LoginFormat): boolean {
  const takesLocalpart = /%[A-Z\d.-]*n|\{\s*user\s*\|\s*username/.test(format);
  return takesLocalpart && !/%[A-Z\d.-]*d|\|\s*domain|@/.test(format);
}
