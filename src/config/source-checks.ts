/** What must hold between the keys of a source: one origin of its SQL, and only keys that its driver has. */

import { nearestOrKnown } from "../model/nearest.ts";
import { isReadType, splitTableName, whyNotRead } from "../model/table-type.ts";
import type { Driver } from "./key.ts";
import { checkDirectory, checkFilters } from "./ldap-checks.ts";
import { quote } from "./mismatch.ts";
import type { Problems } from "./problems.ts";
import { type SourceDraft, sources } from "./schema-sources.ts";

/** Checks every source. */
export function checkSources(
  drafts: ReadonlyMap<string, SourceDraft>,
  knownPresets: readonly string[],
  findings: Problems,
): void {
  for (const [name, draft] of drafts) checkSource(`sources.${name}`, draft, knownPresets, findings);
}

function checkSource(path: string, draft: SourceDraft, knownPresets: readonly string[], findings: Problems): void {
  if (!isWithoutQueries(draft)) checkOrigin(path, draft, findings);
  checkDriverKeys(path, draft, findings);
  if (draft.preset !== undefined && !knownPresets.includes(draft.preset)) {
    const hint = nearestOrKnown(draft.preset, knownPresets);
    findings.problem(`${path}.preset`, `there is no preset ${quote(draft.preset)}${hint}`);
  }
  if (draft.queries !== undefined && !findings.hasProblemUnder(`${path}.queries`)) {
    const { address, domain, grant } = draft.queries;
    if (address === undefined && domain === undefined && grant === undefined) {
      findings.problem(
        `${path}.queries`,
        "at least one of address, domain and grant is needed: domains alone names no owner",
      );
    }
  }
  const { type } = splitTableName(draft.postfix_cf ?? "");
  if (type !== undefined && !isReadType(type)) {
    findings.problem(`${path}.postfix_cf`, whyNotRead(type));
  } else if (type !== undefined && draft.driver !== undefined && type !== draft.driver) {
    findings.problem(`${path}.driver`, `is ${draft.driver}, but postfix_cf names a ${type} table`);
  }
  checkTls(`${path}.tls`, draft, findings);
  checkListing(path, draft, findings);
  if (draft.driver === "ldap") checkDirectory(path, draft, findings);
}

/** Drivers that know by themselves what to answer. */
function isWithoutQueries({ driver }: SourceDraft): boolean {
  return driver === "texthash" || driver === "identity";
}

function checkOrigin(path: string, draft: SourceDraft, findings: Problems): void {
  if (draft.driver === "ldap") {
    checkFilters(path, draft, findings);
    return;
  }
  const given = ["preset", "queries", "postfix_cf"].filter((key) => findings.isGiven(`${path}.${key}`));
  if (given.length === 0) {
    findings.problem(path, "one of preset, queries and postfix_cf is needed: where does its SQL come from?");
  } else if (given.length > 1) {
    findings.problem(path, `only one of preset, queries and postfix_cf can be given, got ${given.join(" and ")}`);
  }
  if (Object.keys(draft.options).length > 0 && !given.includes("preset")) {
    findings.problem(`${path}.options`, "belongs to a preset, and there is none");
  }
}

function checkDriverKeys(path: string, draft: SourceDraft, findings: Problems): void {
  const { driver } = draft;
  const isFromFile = findings.isGiven(`${path}.postfix_cf`);
  if (driver === undefined) {
    if (!isFromFile && !findings.isGiven(`${path}.driver`))
      findings.problem(path, `driver is required: ${driverNames}`);
    return;
  }
  for (const [name, key] of Object.entries(sources.keys)) {
    const belongsTo: readonly Driver[] | undefined = "drivers" in key ? key.drivers : undefined;
    if (belongsTo === undefined || belongsTo.includes(driver) || !findings.isGiven(`${path}.${name}`)) continue;
    findings.problem(
      `${path}.${name}`,
      `has no meaning for driver ${driver}: it is for ${listOfNames(belongsTo, "and")}`,
    );
  }
  if (isFromFile) return;
  const database = databaseKeys[driver];
  if (!findings.isGiven(`${path}.${database}`)) findings.problem(path, `${database} is required for driver ${driver}`);
}

/** The key that says which database it is. */
const databaseKeys: Readonly<Record<Driver, string>> = {
  mysql: "database",
  pgsql: "database",
  sqlite: "path",
  ldap: "search_base",
  texthash: "path",
  identity: "domains",
};

const driverNames = listOfNames(Object.keys(databaseKeys), "or");

/** `a`, `a and b`, `a, b and c`. */
function listOfNames(names: readonly string[], conjunction: "and" | "or"): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}

/** Warns of an interval that nothing comes of: only what can be listed is followed. Every preset can be. */
function checkListing(path: string, draft: SourceDraft, findings: Problems): void {
  const { listing_interval: interval, preset, queries, filters, postfix_cf: table } = draft;
  if (!findings.isGiven(`${path}.listing_interval`) || interval === "off" || preset !== undefined) return;
  if (queries?.listing !== undefined || filters?.listing !== undefined) return;
  const warn = (why: string) => findings.warning(`${path}.listing_interval`, `has no effect: ${why}`);
  if (filters !== undefined) warn("without filters.listing the source cannot be followed");
  else if (queries !== undefined) warn("without queries.listing the source cannot be followed");
  else if (table !== undefined)
    warn("a table file cannot be listed: give a preset, or queries or filters with a listing");
}

function checkTls(path: string, draft: SourceDraft, findings: Problems): void {
  if (draft.tls === undefined) return;
  const { cert_file, key_file, verify } = draft.tls;
  if ((cert_file === undefined) !== (key_file === undefined)) {
    findings.problem(path, "cert_file and key_file belong together: one is missing");
  }
  if (verify === false) {
    findings.warning(
      `${path}.verify`,
      "the certificate is not checked: whoever stands in between can read and change answers",
    );
  }
}
