/**
 * The SQL of one role, ready to bind: what presets, `queries:` and `.cf` files all come down to.
 *
 * A driver (mysql/, pgsql/, sqlite/) knows only arms; it does not know where they came from.
 */
import type { ConfigProblem } from "../../model/errors.ts";
import type { Key, KeyForm, Role } from "../../model/keys.ts";
import type { RowProof } from "../../model/source.ts";

/** A row of a result: its cells in column order, as text. */
export type Row = readonly (string | null)[];

/** One query with its parameters by position. */
export interface Arm {
  /** SQL with `?` placeholders (PostgreSQL: `$1` and so on), one statement, no trailing `;`. */
  readonly sql: string;
  /**
   * The values of the placeholders for a key, in order.
   *
   * @returns `undefined` when the query must not be asked for this key: it counts as not found
   */
  bind(key: Key): readonly string[] | undefined;
  /**
   * Turns the rows of a result into cells: NULL and empty ones dropped.
   *
   * @throws {SourceError} ERR_SOURCE_RESULT when the rows break a bound of the arm
   */
  collect(rows: readonly Row[], key: Key): readonly string[];
  /**
   * Whether the SQL may stand inside `SELECT … FROM (sql) AS t` without changing its answer. If not, it is sent alone.
   */
  readonly isCombinable: boolean;
  /**
   * Whether a statement that yields no result set at all (`DO 1`, some CALLs) counts as no rows; by default a driver throws
   * ERR_SOURCE_RESULT for it. `require_result_set = no` of mysql_table(5).
   */
  readonly allowsNoResultSet?: boolean;
  /** See `RowProof`; `query` unless it says otherwise. */
  readonly rowProof?: RowProof;
}

/** A query without a key: only constants are bound. */
export interface KeylessSql {
  readonly sql: string;
  readonly values: readonly string[];
  /** How many columns it gives; known of the SQL of presets, which is then a plain SELECT or a UNION ALL of them. */
  readonly columnCount?: number;
}

/** The arms of a source. */
export interface ArmSet {
  readonly keyForm: KeyForm;
  readonly roles: Readonly<Partial<Record<Role, Arm>>>;
  /** Lists the hosted domains, one per row in the first column; a row `*` says that no domain is foreign. */
  readonly domains?: Arm;
  /** Lists every key with its owners (`toListedLine`). */
  readonly listing?: KeylessSql;
  /** Tells the arms of one state of a schema from those of another, where it can change: they share no statement. */
  readonly variant?: string;
}

/** What a preset wants to know about a schema before it can write its SQL, and the SQL it then writes. */
export interface ArmPlan {
  /** Columns that a site may lack, as `table.column`; probed when the source is first reached, and now and then. */
  readonly optionalColumns: readonly string[];
  /** The arms for a schema in which exactly these of the optional columns exist. */
  arms(present: ReadonlySet<string>): ArmSet;
  /**
   * How often owners are asked for again when they are aliases themselves; 1 or nothing = never. A source wraps its database
   * in `AliasDepth` then.
   */
  readonly aliasDepth?: number;
  /** What of the options changes nothing, for the log and `check`; paths are `options.<name>`. */
  readonly warnings?: readonly ConfigProblem[];
}
