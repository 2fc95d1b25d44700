/** Whether a source hosts the domain of a key, asked of the source itself: for the explanation of a lookup. */
import { splitAddress } from "../model/address.ts";
import type { Database } from "../model/source.ts";
import type { KeyRules } from "./keys.ts";

/**
 * Tells whether the source lists the domain of a key: the domain gate, which clients pass first, refuses what it does not list
 * (cache/domain-gate.ts). A list that cannot be read refuses nothing.
 */
export async function isHosted(
  database: Pick<Database, "hostedDomains">,
  key: string,
  { localDomains }: KeyRules,
  deadlineMs: number,
): Promise<boolean> {
  const { domain } = splitAddress(key);
  if (domain === "" || localDomains.has(domain)) return true;
  const domains = await database.hostedDomains(deadlineMs).catch(() => undefined);
  return domains === undefined || domains.has(domain);
}
