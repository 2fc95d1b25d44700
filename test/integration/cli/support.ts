/** Commands run in this process, and a small map on SQLite that they ask. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Sqlite from "libsql";
import { vi } from "vitest";
import { run } from "../../../src/cli/run.ts";
import { makeDirectory } from "../../support/directories.ts";
import { writeConfig } from "../../support/servers/daemon.ts";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as `main.ts` does, and keeps what it prints. One at a time: standard output is the process's own. */
export async function runHere(...args: readonly string[]): Promise<Outcome> {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    }),
  );
  try {
    return { code: await run(args), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A map `senders` of four lines, and what configures it. */
export interface Place {
  readonly path: string;
  readonly database: string;
  readonly configFile: string;
  /** The configuration; a test writes it with one part changed. */
  readonly config: ReturnType<typeof configOf>;
  /** Writes another configuration beside the first and returns its path. */
  write(name: string, config: Readonly<Record<string, unknown>>): Promise<string>;
  remove(): Promise<void>;
}

const rows = `CREATE TABLE senders (address TEXT, login TEXT);
CREATE INDEX by_address ON senders (address, login);
INSERT INTO senders VALUES ('alice@example.com', 'alice'), ('sales@example.com', 'alice'),
  ('sales@example.com', 'bob'), ('two words@example.com', 'bob')`;

/** Makes the database and the configuration. */
export async function makePlace(): Promise<Place> {
  const { path, remove } = await makeDirectory("cli");
  const database = join(path, "mail.sqlite");
  const sqlite = new Sqlite(database);
  sqlite.exec(rows);
  sqlite.close();
  await writeFile(join(path, "token"), "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
  const config = configOf(path, database);
  const write: Place["write"] = async (name, changed) => {
    await writeConfig(join(path, name), changed);
    return join(path, name);
  };
  return { path, database, config, configFile: await write("loginmapd.yaml", config), write, remove };
}

function configOf(path: string, database: string) {
  return {
    listeners: [{ protocol: "socketmap", endpoint: `unix:${join(path, "socketmap")}` }],
    admin: { endpoint: `unix:${join(path, "admin")}`, token_file: join(path, "token") },
    maps: { senders: { source: "mail" } },
    sources: {
      mail: {
        driver: "sqlite",
        path: database,
        queries: {
          address: "SELECT login FROM senders WHERE address = :email",
          domains: "SELECT DISTINCT substr(address, instr(address, '@') + 1) FROM senders",
          listing: "SELECT address, login, 'address' FROM senders",
        },
      },
    },
  };
}
