/** What Postfix would do with the senders of each of its services, as postconf tells it. */
import { expect } from "vitest";
import { run } from "./processes.ts";

const restriction = "reject_authenticated_sender_login_mismatch";
// They also refuse mail from outside that carries an address of ours.
const forOutside = /\breject_(?:known_|unauthenticated_)?sender_login_mismatch\b/;

/** The sender restrictions of port 25 (`smtp`) and of services; Postfix has to be silent about the files. */
export async function effectiveLists(etc: string, services: readonly string[]): Promise<Map<string, string>> {
  const ask = async (...args: string[]) => {
    const outcome = await run("postconf", ["-c", etc, ...args]);
    expect(outcome, args.join(" ")).toMatchObject({ code: 0, stderr: "" });
    return outcome.stdout.trim();
  };
  await ask("-n");
  await ask("-M");
  const main = await ask("-xh", "smtpd_sender_restrictions");
  const lists = new Map([["smtp", main]]);
  const lines = (await ask("-Px")).split("\n").map((line) => line.split(" = "));
  for (const name of services) {
    const own = lines.find(([key]) => key === `${name}/inet/smtpd_sender_restrictions`);
    lists.set(name, own?.[1] ?? main);
  }
  return lists;
}

/** Every service but port 25 asks who owns the address before it lets anybody pass, and none refuses mail from outside for it. */
export function expectEnforced(lists: ReadonlyMap<string, string>): void {
  for (const [name, list] of lists) {
    if (forOutside.test(list)) throw new Error(`${name} still refuses mail from outside: ${list}`);
    if (name === "smtp") continue;
    const words = list.split(/[\s,]+/);
    const permit = words.findIndex((word) => word.startsWith("permit"));
    expect(words, name).toContain(restriction);
    if (permit !== -1) expect(words.indexOf(restriction), `${name}: ${list}`).toBeLessThan(permit);
  }
}
