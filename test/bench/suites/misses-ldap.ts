/** The misses again, where the mailboxes are in a directory: loginmapd, and Postfix's own table on the same slapd. */
import { startSlapd, suffix } from "../../support/servers/slapd.ts";
import type { Pace } from "../pace.ts";
import type { Stage } from "../stage.ts";
import type { Lineup } from "../statistics.ts";
import { hostedDomains } from "../workload.ts";
import { type AskedServer, measureTableMisses } from "./misses-table.ts";

/** Misses of 1, 8 and 50 clients. Postfix and loginmapd serve the same table file, so the same filter. */
export function measureLdapMisses(stage: Stage, pace: Pace): Promise<Lineup[]> {
  const [title, mailboxes] = ["misses on LDAP", 50_000];
  return measureTableMisses(stage, pace, { type: "ldap", suite: "misses-ldap", title, mailboxes, start });
}

async function start(mailboxes: number): Promise<AskedServer> {
  const person = (n: number) => {
    const uid = `user${String(n).padStart(7, "0")}`;
    const mail = `${uid}@host${String(n % hostedDomains).padStart(2, "0")}.invalid`;
    return `dn: uid=${uid},ou=people,${suffix}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nmail: ${mail}\n`;
  };
  const slapd = await startSlapd({ ldif: Array.from({ length: mailboxes }, (_, n) => person(n)).join("\n") });
  const cf = `server_host = ${slapd.socketUri}
version = 3
search_base = ou=people,${suffix}
query_filter = (&(objectClass=inetOrgPerson)(mail=%s))
result_attribute = mail
`;
  return { cf, remove: () => slapd.remove() };
}
