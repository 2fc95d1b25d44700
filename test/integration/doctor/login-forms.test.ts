/** A running Dovecot and the map: where the logins that it returns are no owners, the key that `doctor` names makes them owners. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { checkLoginForms } from "../../../src/doctor/check-login-forms.ts";
import { loginFormatOf, ownersOfMaps } from "../../../src/doctor/look/login-forms.ts";
import { combine, rulesOf, ungated } from "../../../src/lookup/combine.ts";
import { isOwner } from "../../../src/model/owner-list.ts";
import type { Settings } from "../../../src/model/settings.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { openSource } from "../../support/fakes/open-source.ts";
import { type Dovecot, loginReturned, startDovecot } from "../../support/servers/dovecot.ts";
import { patientWith } from "../../unit/doctor/support.ts";

let directory: TestDirectory;
let dovecot: Dovecot | undefined;

beforeEach(async () => {
  directory = await makeDirectory("login-forms");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await dovecot?.stop();
  dovecot = undefined;
  await directory.remove();
});

/** What a site says to Dovecot and writes into its map. */
interface Site {
  readonly format: string;
  readonly realm?: string;
  readonly typed: string;
  readonly owners: string;
}

/** @returns the login that this Dovecot gives smtpd */
async function logIn({ format, realm, typed }: Site): Promise<string> {
  await dovecot?.stop();
  const authSocket = join(directory.path, "auth");
  const users = { alice: "pw", "alice@example.com": "pw" };
  const options = { users, authSocket, usernameFormat: format };
  dovecot = await startDovecot(realm === undefined ? options : { ...options, defaultRealm: realm });
  // doveconf, which doctor asks, reads this in place of the system's.
  vi.stubEnv("CONFIG_FILE", dovecot.configFile);
  return loginReturned(authSocket, typed, "pw");
}

async function settingsWith(owners: string, map: object): Promise<Settings> {
  const path = join(directory.path, "grants");
  await writeFile(path, owners);
  const text = stringify({
    listeners: [{ protocol: "socketmap", endpoint: "inet:127.0.0.1:9" }],
    maps: { senders: { source: "grants", ...map } },
    sources: { grants: { driver: "texthash", path } },
  });
  const readSecretFile = () => expect.unreachable("no secret is configured");
  return parseConfig({ text, fileName: "loginmapd.yaml", env: {}, knownPresets: [], readSecretFile }).settings;
}

async function keysToSet(settings: Settings): Promise<string[]> {
  const patient = patientWith({});
  const loginFormat = loginFormatOf();
  const observations = { ...patient.observations, loginFormat, ...(await ownersOfMaps(settings)) };
  const findings = checkLoginForms({ ...patient, settings, observations });
  return findings.flatMap(({ changes }) => changes.map(({ where, line }) => `${where}: ${line}`));
}

/** Whether smtpd finds a login among the owners of alice@example.com. */
async function maySend({ maps, sources }: Settings, login: string): Promise<boolean> {
  const [map, source] = [maps["senders"], sources["grants"]];
  if (map === undefined || source === undefined) throw new Error("no map");
  const database = openSource(source);
  try {
    const rules = rulesOf(map);
    const answer = await combine([ungated(database, rules)], rules, "first").source.ownersOf("alice@example.com", 0);
    return answer.kind === "ok" && isOwner(answer.owners, login);
  } finally {
    await database.close();
  }
}

const ofOneDomain = "alice@example.com alice@example.com\nbob@example.com bob@example.com\n";
const ofTwoDomains = `${ofOneDomain}carol@example.org carol@example.org\n`;
const bare = "alice@example.com alice\nbob@example.com bob\n";
const setRealm = "loginmapd.yaml: maps.senders.login_realm: example.com";

test.each<Site & { readonly key: string }>([
  { format: "%n", typed: "alice@example.com", owners: ofOneDomain, key: setRealm },
  { format: "%Ln", realm: "example.com", typed: "Alice", owners: ofOneDomain, key: setRealm },
  { format: "%n", typed: "alice@example.com", owners: ofTwoDomains, key: "Dovecot: auth_username_format = %Lu" },
  { format: "%u", realm: "example.com", typed: "alice", owners: bare, key: "Dovecot: auth_username_format = %Ln" },
])("auth_username_format = $format, realm $realm: $typed is refused until $key", async ({ key, ...site }) => {
  const before = await settingsWith(site.owners, {});
  const login = await logIn(site);
  expect(await maySend(before, login)).toBe(false);
  expect(await keysToSet(before)).toEqual([key]);

  const [, where, line = ""] = /^(\S+): (.*)$/.exec(key) ?? [];
  const isOurs = where === "loginmapd.yaml";
  const after = isOurs ? await settingsWith(site.owners, parse(line.replace("maps.senders.", ""))) : before;
  const loginAfter = isOurs ? login : await logIn({ ...site, format: line.split(" = ")[1] as string });
  expect(await maySend(after, loginAfter)).toBe(true);
  expect(await keysToSet(after)).toEqual([]);
});

test.each<Site>([
  { format: "%Lu", realm: "example.com", typed: "Alice", owners: ofTwoDomains },
  { format: "%Ln", typed: "Alice@Example.com", owners: bare },
])("auth_username_format = $format, realm $realm: $typed may send, and there is nothing to say", async (site) => {
  const settings = await settingsWith(site.owners, {});
  expect(await maySend(settings, await logIn(site))).toBe(true);
  expect(await keysToSet(settings)).toEqual([]);
});
