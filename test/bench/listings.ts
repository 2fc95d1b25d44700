/** The listings that a followed database is asked for, seen from the database: a change begins them, and they are counted. */
import { setTimeout as delay } from "node:timers/promises";
import type { Mariadb } from "../support/servers/mariadb.ts";
import { waitUntil } from "../support/wait.ts";
import { account } from "./database.ts";

const beginDeadlineMs = 120_000;
const lookMs = 20;
// A follower lists once more a second after it was told of a change, and then leaves the source alone for four times what a
// listing took.
const secondLookMs = 1500;
const shareOfGap = 5;

/** The listings of one database. */
export class LiveListings {
  readonly #mariadb: Mariadb;
  readonly #addresses: number;
  #isTouched = false;

  /** Of a database with this many addresses, each a row of a listing. */
  constructor(mariadb: Mariadb, addresses: number) {
    this.#mariadb = mariadb;
    this.#addresses = addresses;
  }

  /** The server's process. */
  get pid(): number {
    return this.#mariadb.pid;
  }

  /** How many were completed since the server started. */
  async count(): Promise<number> {
    const [row] = await this.#mariadb.query("SHOW GLOBAL STATUS LIKE 'Rows_sent'");
    return Math.floor(Number(row?.["Value"]) / this.#addresses);
  }

  /** Commits a change that listings show, and waits until one is under way. */
  async begin(): Promise<void> {
    this.#isTouched = !this.#isTouched;
    await this.#mariadb.query(
      this.#isTouched
        ? "INSERT INTO addresses (domain, localpart, login) VALUES ('host00.invalid', 'touched', 'user0000000@host00.invalid')"
        : "DELETE FROM addresses WHERE domain = 'host00.invalid' AND localpart = 'touched'",
    );
    await waitUntil("a listing to begin", () => this.#isUnderWay(), beginDeadlineMs);
  }

  /** Waits until none is under way and none is owed. @param costMs what a listing took */
  async awaitEnd(costMs: number): Promise<void> {
    const quietMs = secondLookMs + shareOfGap * costMs;
    let seenMs = performance.now();
    while (performance.now() - seenMs < quietMs) {
      if (await this.#isUnderWay()) seenMs = performance.now();
      await delay(lookMs);
    }
  }

  async #isUnderWay(): Promise<boolean> {
    const [row] = await this.#mariadb.query(
      `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = '${account.user}' AND COMMAND = 'Execute'`,
    );
    return Number(row?.["n"]) > 0;
  }
}
