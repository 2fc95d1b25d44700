/**
 * What a connection says before its first question: every piece of session state that an answer depends on.
 *
 * A server's configuration, its `init_connect` and the defaults of an account decide about it otherwise. With `autocommit=0` a
 * connection goes on seeing what was there at its first statement: a revoked owner would be accepted for ever.
 */
import type { Connection } from "mysql2";
import { isTurnedAway } from "./errors.ts";

/** One setting, and what is wrong with answers where it cannot be made. */
interface Setting {
  readonly name: string;
  readonly sql: string;
  readonly otherwise: string;
}

/** What is set. Each is a statement of its own, so that one that is refused hides no other. */
function settingsFor(charset: string | undefined, queryTimeoutMs: number, isMariadb: boolean): readonly Setting[] {
  const noLimit = "18446744073709551615";
  // One that the server goes on with after its client has given up holds a connection; behind a locked table they pile up.
  const limit = isMariadb ? `max_statement_time = ${queryTimeoutMs / 1000}` : `max_execution_time = ${queryTimeoutMs}`;
  return [
    {
      name: "the end of a transaction",
      // `init_connect` may have begun one.
      sql: "ROLLBACK",
      otherwise: "a connection may not see what changed since its first query",
    },
    {
      name: "autocommit",
      sql: "SET SESSION autocommit = 1",
      otherwise: "a connection may not see what changed since its first query",
    },
    {
      name: "the isolation level",
      sql: "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
      otherwise: "queries may see what is not committed, or wait for who writes",
    },
    {
      name: "the character set",
      sql: `SET NAMES ${charset === undefined ? "utf8mb4 COLLATE utf8mb4_general_ci" : namesOf(charset)}`,
      otherwise: "addresses beyond ASCII may not be found",
    },
    {
      name: "sql_select_limit",
      sql: `SET SESSION sql_select_limit = ${noLimit}`,
      otherwise: "owners and domains may be cut off",
    },
    {
      name: "sql_mode",
      // Not replaced as a whole: the site's own SQL may count on others of its words (ANSI_QUOTES, PIPES_AS_CONCAT).
      sql: `SET SESSION sql_mode = ${without("EMPTY_STRING_IS_NULL", without("PAD_CHAR_TO_FULL_LENGTH", "@@SESSION.sql_mode"))}`,
      otherwise: "empty strings may count as NULL, and short ones be padded",
    },
    {
      name: "time_zone",
      // That of the server, which wrote the dates in its tables, whatever the account's default is.
      sql: "SET SESSION time_zone = @@GLOBAL.time_zone",
      otherwise: "dates may be compared with another hour",
    },
    {
      name: "sql_auto_is_null",
      sql: "SET SESSION sql_auto_is_null = 0",
      otherwise: "a comparison with NULL may find a row",
    },
    {
      name: "group_concat_max_len",
      sql: "SET SESSION group_concat_max_len = 1048576",
      otherwise: "lists of owners that a query joins may be cut off",
    },
    {
      name: "the time limit of statements",
      sql: `SET SESSION ${limit}`,
      otherwise: "the server does not end what takes long",
    },
  ];
}

/** SQL that takes a word out of a list with commas. */
function without(word: string, list: string): string {
  return `TRIM(BOTH ',' FROM REPLACE(CONCAT(',', ${list}, ','), ',${word},', ','))`;
}

/** A character set by its own name, or by that of a collation, as the driver takes either. */
function namesOf(charset: string): string {
  const [own = charset] = charset.split("_");
  return own === charset ? own : `${own} COLLATE ${charset}`;
}

/**
 * Sets the state of a connection that has just logged in.
 *
 * @returns what the server refused to set, one sentence each: proxies and forks do not know every variable
 * @throws what the driver says when the connection is of no use
 */
export async function pinSessionState(
  connection: Connection,
  charset: string | undefined,
  queryTimeoutMs: number,
): Promise<readonly string[]> {
  const { _isMariaDB: isMariadb } = connection as unknown as { _isMariaDB: boolean };
  const refused: string[] = [];
  const all = settingsFor(charset, queryTimeoutMs, isMariadb).map(async ({ name, sql, otherwise }) => {
    const error = await new Promise<unknown>((resolve) => {
      connection.query(sql, resolve);
    });
    if (error === null) return;
    if (!isTurnedAway(error)) throw error;
    refused.push(`${name} could not be set: ${otherwise}`);
  });
  await Promise.all(all);
  return refused;
}
