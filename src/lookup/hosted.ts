/** Whether a source hosts the domain of a key, asked of the source itself: for the explanation of a lookup. */
import { isHosted } from "../model/address.ts";
import type { Database } from "../model/source.ts";
import type { KeyRules } from "./keys.ts";

const noDomains: ReadonlySet<string> = new Set();

/**
 * Tells whether the domain gate, which clients pass first (cache/domain-gate.ts), lets a key through to the source: by the same rule,
 * and by the list as it is now. The source is not asked where its list does not matter.
 *
 * @returns true also when the list cannot be read: it refuses nothing then
 */
export async function isHostedBy(
  database: Pick<Database, "hostedDomains">,
  key: string,
  { localDomains }: KeyRules,
  deadlineMs: number,
): Promise<boolean> {
  if (isHosted(key, noDomains, localDomains)) return true;
  const hosted = await database.hostedDomains(deadlineMs).catch(() => undefined);
  return isHosted(key, hosted, localDomains);
}
