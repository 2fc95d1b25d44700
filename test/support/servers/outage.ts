/** A followed source whose database is stopped once memory has every address, and everything asked for until a minute is over. */
import { nativeStack } from "../follow-changes/native.ts";
import { fillers } from "../follow-changes/stack.ts";
import { waitUntil } from "../wait.ts";
import { WireClient } from "../wire/wire.ts";
import { type CleanUp, follow, sqlFile } from "./following.ts";
import { startMariadb } from "./mariadb.ts";

/** An outage under way. */
export interface Outage {
  readonly cleanUp: CleanUp;
  /** Settled after the minute: how often everything was asked for, and every answer that was wrong. */
  readonly over: Promise<{ readonly rounds: number; readonly wrong: readonly string[] }>;
}

const outageMs = 60_000;
const betweenRoundsMs = 3000;

/** Begins one; what goes wrong in it is told by `over`. */
export async function startOutage(): Promise<Outage> {
  const cleanUp: CleanUp = [];
  const mariadb = await startMariadb({ databases: ["native"] });
  cleanUp.push(() => mariadb.remove());
  const rows = nativeStack((table) => `TRUNCATE ${table}`).rows;
  await mariadb.query(`${sqlFile("native/001-schema.mysql.sql")}\n${rows}`);
  await mariadb.addReader("reader", "r");
  const login = { hosts: [`unix:${mariadb.socket}`], user: "reader", password: "r", database: "native" };
  const source = { driver: "mysql", ...login, preset: "native", listing_interval: "1s" };
  // Answers outlive their lifetime several times.
  const { port } = await follow(cleanUp, { native: source }, { ttl: "10s", negative_ttl: "10s" });
  const client = await WireClient.open(port);
  cleanUp.push(async () => client.close());
  await mariadb.query("DELETE FROM addresses WHERE localpart = 'leaver'");
  await waitUntil(
    "the revocation to be seen",
    async () => (await client.ask("native", "leaver@example.com")) === "NOTFOUND ",
  );
  await mariadb.kill();
  let endMs = performance.now() + outageMs;
  const askUntilTheEnd = async () => {
    const wrong: string[] = [];
    let rounds = 0;
    for (; performance.now() < endMs || rounds < 2; rounds++) {
      wrong.push(...(await wrongAnswers(client)));
      await new Promise((resolve) => setTimeout(resolve, betweenRoundsMs));
    }
    return { rounds, wrong };
  };
  const over = askUntilTheEnd();
  cleanUp.push(async () => {
    endMs = 0;
    await over.catch(() => undefined);
  });
  return { cleanUp, over };
}

/** What memory has of the rows of the stack, and of what is derived from them: switched-off domains have no row. */
const listed: ReadonlyMap<string, string> = new Map([
  ...fillers.map((email) => [email, "OK filler"] as const),
  ...["alice", "team", "sales"].map((localpart) => [`${localpart}@example.com`, "OK alice"] as const),
  ["kept@catch.test", "OK alice"],
  ["x@off.test", "OK alice"],
]);

/** Asks for every listed address, for one that was revoked before and for one that nobody listed. @returns what was answered wrongly */
async function wrongAnswers(client: WireClient): Promise<string[]> {
  const wrong: string[] = [];
  for (const [key, expected] of listed) {
    const answer = await client.ask("native", key);
    if (answer !== expected) wrong.push(`${key}: ${answer}`);
  }
  const revoked = await client.ask("native", "leaver@example.com");
  if (revoked.startsWith("OK")) wrong.push(`leaver: ${revoked}`);
  const unknown = await client.ask("native", "made-up@example.com");
  if (!unknown.startsWith("TEMP ")) wrong.push(`made-up: ${unknown}`);
  return wrong;
}
