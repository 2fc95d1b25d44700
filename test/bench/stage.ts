/** What every suite needs, started once: the database, the servers, Postfix and the load generator. */
import { join } from "node:path";
import { makeDirectory, type TestDirectory } from "../support/directories.ts";
import type { Mariadb } from "../support/servers/mariadb.ts";
import { isListening } from "../support/servers/ports.ts";
import { makePostfixHome, startPostfix } from "../support/servers/postfix.ts";
import { waitUntil } from "../support/wait.ts";
import { type CPrograms, compilePrograms } from "./c-programs.ts";
import { postfixTable, startMailDatabase } from "./database.ts";
import { cGenerator, type Generator, nodeGenerator } from "./generator.ts";
import {
  type Loginmapd,
  type LoginmapdOverrides,
  type Server,
  startBareNode,
  startLimit,
  startLoginmapd,
} from "./servers.ts";

/** A private Postfix whose proxymap may read the table. */
export interface PostfixTables {
  readonly etc: string;
  /** The table's file. */
  readonly file: string;
  /** `mysql:…` */
  readonly direct: string;
  /** `proxy:mysql:…` */
  readonly proxied: string;
}

/** The stage of a run. */
export interface Stage {
  readonly folder: string;
  readonly generator: Generator;
  readonly mariadb: Mariadb;
  readonly mailboxes: number;
  readonly loginmapd: Loginmapd;
  /** In this order: bare Node, then the C limit when there is a compiler. */
  readonly references: readonly Server[];
  /** Starts Postfix at the first call. */
  postfix(): Promise<PostfixTables>;
  /** Starts another loginmapd on the same database; it is stopped by the caller. */
  startLoginmapd(name: string, overrides: LoginmapdOverrides): Promise<Loginmapd>;
  /** Ends everything, last started first. */
  close(): Promise<void>;
}

/** How the stage is set. */
export interface StageOptions {
  /** In the database, and in the table of the C limit. */
  readonly mailboxes: number;
  /** Use the generator in TypeScript even when there is a compiler. */
  readonly isNodeGenerator: boolean;
}

/** Sets the stage, or ends what was started and throws. */
export async function setStage({ mailboxes, isNodeGenerator }: StageOptions): Promise<Stage> {
  const releases: (() => unknown)[] = [];
  const close = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    const directory = await makeDirectory("bench");
    releases.push(directory.remove);
    const programs = await compilePrograms(directory.path);
    const generator = chooseGenerator(programs, isNodeGenerator);
    releases.push(generator.close);
    const mariadb = await startMailDatabase(mailboxes);
    releases.push(() => mariadb.remove());
    const loginmapd = await startLoginmapd(directory.path, mariadb);
    releases.push(loginmapd.stop);
    const references = await startReferences(directory, programs, mailboxes, releases);
    let postfix: Promise<PostfixTables> | undefined;
    return {
      folder: directory.path,
      generator,
      mariadb,
      mailboxes,
      loginmapd,
      references,
      postfix: () => (postfix ??= startTables(mariadb, releases)),
      startLoginmapd: (name, overrides) => startLoginmapd(directory.path, mariadb, overrides, name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function chooseGenerator(programs: CPrograms | undefined, isNodeGenerator: boolean): Generator {
  return programs === undefined || isNodeGenerator ? nodeGenerator() : cGenerator(programs.load);
}

async function startReferences(
  directory: TestDirectory,
  programs: CPrograms | undefined,
  mailboxes: number,
  releases: (() => unknown)[],
): Promise<Server[]> {
  const bareNode = await startBareNode(directory.path);
  releases.push(bareNode.stop);
  if (programs === undefined) return [bareNode];
  const limit = await startLimit(directory.path, programs.limit, mailboxes);
  releases.push(limit.stop);
  return [bareNode, limit];
}

async function startTables(mariadb: Mariadb, releases: (() => unknown)[]): Promise<PostfixTables> {
  const home = await makePostfixHome();
  releases.push(home.remove);
  const table = await home.writeTable("senders.cf", postfixTable(mariadb));
  await home.setParameter("proxy_read_maps", `proxy:mysql:${table}`);
  const postfix = await startPostfix(home, []);
  releases.push(postfix.stop);
  await waitUntil("proxymap to listen", () => isListening(join(home.queue, "private/proxymap")));
  return { etc: home.etc, file: table, direct: `mysql:${table}`, proxied: `proxy:mysql:${table}` };
}
