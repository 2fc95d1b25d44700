/**
 * Finds rows whose domain is written as U-label, in the tables of queries that nothing lists: an administrator's own SQL and
 * table files of Postfix.
 *
 * Keys are bound with the A-label, since a collation would take `exämple.com` for `example.com` and give a stranger its
 * addresses; so nobody finds such a row. `check --connect` names it, as it does where there is a listing or a list of domains.
 */
import { foldDomain, splitAddress } from "../../model/address.ts";
import type { Role } from "../../model/keys.ts";
import type { QueryReport } from "../../model/source.ts";
import { unfindableRows } from "../hosted-domains.ts";
import type { ArmSet, Row } from "./arm.ts";
import type { SqlDialect } from "./sql-text.ts";
import { conditionWords, tablesIn } from "./table-names.ts";

/** Runs a statement of ours. Rejects when the server refuses it. */
export type RunSql = (sql: string, values: readonly string[]) => Promise<readonly Row[]>;

/** How a database tells of its text, and of the columns that hold it. */
interface TextRules {
  /** Gives the names of the columns of a table (parameters: schema or nothing, table) that hold text and may be read. */
  readonly columns: string;
  readonly quote: (name: string) => string;
  /** Whether a value has a character beyond ASCII, whatever its character set. */
  readonly isBeyondAscii: (column: string) => string;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

const rules: Record<SqlDialect, TextRules> = {
  mysql: {
    columns:
      "SELECT column_name FROM information_schema.columns WHERE table_schema = IF(? = '', DATABASE(), ?) AND table_name = ? AND character_set_name IS NOT NULL AND FIND_IN_SET('select', privileges) > 0",
    quote: (name) => `\`${name.replaceAll("`", "``")}\``,
    isBeyondAscii: (column) => `LENGTH(CONVERT(${column} USING utf8mb4)) <> CHAR_LENGTH(${column})`,
  },
  pgsql: {
    columns:
      "SELECT a.attname FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid WHERE a.attrelid = pg_catalog.to_regclass(CASE WHEN $1::text = '' THEN '' ELSE $2::text || '.' END || $3::text) AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory = 'S' AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')",
    quote: quoted,
    isBeyondAscii: (column) =>
      `OCTET_LENGTH(pg_catalog.convert_to(${column}::text, 'UTF8')) <> CHAR_LENGTH(${column}::text)`,
  },
  sqlite: {
    columns: "SELECT name FROM pragma_table_xinfo(?3) WHERE ?1 = ?2",
    quote: quoted,
    isBeyondAscii: (column) => `LENGTH(CAST(${column} AS BLOB)) <> LENGTH(${column})`,
  },
};

// Enough to count what a person mends; a column of names in another language must not fill the memory.
const maxRows = 1000;

/**
 * Looks through the columns that the conditions of the queries name, and adds a note to the report of the first query that can
 * see such a row; also where a table could not be looked through.
 */
export async function notingULabels(
  reports: readonly QueryReport[],
  roles: ArmSet["roles"],
  dialect: SqlDialect,
  run: RunSql,
): Promise<readonly QueryReport[]> {
  const seen = new Set<string>();
  const noted: QueryReport[] = [];
  for (const report of reports) {
    const sql = report.error === undefined ? roles[report.query as Role]?.sql : undefined;
    const note = sql === undefined ? undefined : await noteOn(sql, dialect, run, seen);
    noted.push(note === undefined ? report : { ...report, notes: [...(report.notes ?? []), note] });
  }
  return noted;
}

/** @param seen columns that need no second look; those of this query come to it */
async function noteOn(sql: string, dialect: SqlDialect, run: RunSql, seen: Set<string>): Promise<string | undefined> {
  const words = conditionWords(sql, dialect);
  const found = new Map<string, string>();
  try {
    for (const table of tablesIn(sql, dialect)) {
      for (const column of await columnsOf(table, dialect, run)) {
        const place = `${table}.${column}`;
        if (seen.has(place) || !words.has(column.toLowerCase())) continue;
        seen.add(place);
        for (const [domain, row] of await rowsOf(table, column, dialect, run)) found.set(domain, row);
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `could not look for domains that are not written as A-label: ${reason}`;
  }
  return unfindableRows(found);
}

async function columnsOf(table: string, dialect: SqlDialect, run: RunSql): Promise<string[]> {
  const at = table.lastIndexOf(".");
  const [schema, name] = [table.slice(0, Math.max(at, 0)), table.slice(at + 1)];
  // PostgreSQL finds a name as the query writes it, quotes included; the others list it without them.
  const [inSchema, plain] = dialect === "pgsql" ? [schema, name] : [withoutQuotes(schema), withoutQuotes(name)];
  const rows = await run(rules[dialect].columns, [inSchema, inSchema, plain]);
  return rows.flatMap(([column]) => (column == null ? [] : [column]));
}

function withoutQuotes(name: string): string {
  return name.replaceAll(/[`"[\]]/g, "");
}

async function rowsOf(table: string, column: string, dialect: SqlDialect, run: RunSql): Promise<Map<string, string>> {
  const { quote, isBeyondAscii } = rules[dialect];
  const name = quote(column);
  const rows = await run(
    `SELECT ${name} FROM ${table} WHERE ${isBeyondAscii(name)} AND ${name} LIKE '%.%' AND ${name} NOT LIKE '% %' LIMIT ${maxRows}`,
    [],
  );
  return new Map(
    rows.flatMap(([cell]) => {
      const { localpart, domain } = splitAddress(cell ?? "");
      // A column of domains alone.
      const written = domain === "" ? localpart : domain;
      return isULabel(written) ? [[written, cell ?? ""] as const] : [];
    }),
  );
}

function isULabel(domain: string): boolean {
  return /[^\0-\x7f]/.test(domain) && domain.includes(".") && foldDomain(domain) !== undefined;
}
