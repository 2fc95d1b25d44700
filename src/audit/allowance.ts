/**
 * The line that would let a login send as an address: a grant where the mail stack has grants, else a line of a text table.
 *
 * They are printed for an administrator, and never run by loginmapd.
 */
import { foldDomain, splitAddress, unquoteLocalpart } from "../model/address.ts";
import { foldCase } from "../model/fold-case.ts";

/** A line, and where it belongs. */
export interface Allowance {
  /** `sql`: for the mail database. `texthash`: for a table file of Postfix or of a source with `driver: texthash`. */
  readonly kind: "sql" | "texthash";
  readonly line: string;
}

/** What to allow. */
export interface Wish {
  readonly login: string;
  readonly address: string;
  /** Who may send as the address already. */
  readonly owners: readonly string[];
  /** The presets of the map's sources. */
  readonly presets: readonly string[];
}

type Grant = (literals: { login: string; address: string; localpart: string; domain: string }) => string;

/** By preset; stacks without grants are not there: an alias that names an owner would also change where mail goes. */
const grants: Readonly<Record<string, Grant>> = {
  native: ({ login, localpart, domain }) =>
    `INSERT INTO send_as_grants (domain, localpart, login) VALUES (${domain}, ${localpart}, ${login});`,
  mailcow: ({ login, address }) =>
    `INSERT INTO sender_acl (logged_in_as, send_as, external) VALUES (${login}, ${address}, 1);`,
  modoboa: ({ login, address }) =>
    `INSERT INTO admin_senderaddress (address, mailbox_id) SELECT ${address}, m.id FROM admin_mailbox AS m JOIN core_user AS u ON u.id = m.user_id WHERE u.email = ${login};`,
  froxlor: ({ login, address }) =>
    `INSERT INTO mail_sender_aliases (email, allowed_sender) SELECT email, ${address} FROM mail_users WHERE username = ${login};`,
};

/** Writes the line; `undefined` when the address or the login is none that a table could hold. */
export function allowanceFor({ login, address, owners, presets }: Wish): Allowance | undefined {
  const { localpart, domain } = splitAddress(address);
  const folded = foldDomain(domain);
  if (folded === undefined || domain === "" || localpart === "" || !isPlain(login) || !isPlain(address))
    return undefined;
  const wanted = `${foldCase(localpart)}@${folded}`;
  const grant = presets.map((preset) => grants[preset]).find((one) => one !== undefined);
  if (grant !== undefined) {
    const [quotedLogin, quotedAddress] = [quote(login), quote(wanted)];
    const parts = { localpart: quote(foldCase(unquoteLocalpart(localpart))), domain: quote(folded) };
    return { kind: "sql", line: grant({ login: quotedLogin, address: quotedAddress, ...parts }) };
  }
  // The first table that answers decides, so the line names the owners of before as well.
  const list = [...owners, login].join(",");
  return /["\s#]/.test(wanted) || /\s/.test(login) ? undefined : { kind: "texthash", line: `${wanted} ${list}` };
}

/** No control characters, no backslash (an escape to MySQL, a letter to others), no comma: a list of logins to Postfix. */
function isPlain(text: string): boolean {
  return text !== "" && !/[\0-\x1f\x7f\\,]/.test(text);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
