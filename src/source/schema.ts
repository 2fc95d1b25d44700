/** Asks MySQL or MariaDB which of the columns that a plan can do without are there. */
import type { ArmPlan, ArmSet } from "./arm.ts";
import type { Lane } from "./lane.ts";

/**
 * Makes the arms for the schema behind a lane.
 *
 * A column that the account may not read counts as missing: a query that names it would fail.
 *
 * @throws {LaneError}
 */
export async function armsFor(plan: ArmPlan, lane: Lane): Promise<ArmSet> {
  const { optionalColumns } = plan;
  if (optionalColumns.length === 0) return plan.arms(new Set());
  const tables = [...new Set(optionalColumns.map((column) => column.split(".")[0] as string))];
  const marks = tables.map(() => "?").join(", ");
  const { rows } = await lane.run(
    `SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (${marks})`,
    tables,
  );
  const present = new Set(rows.map(([column]) => column?.toLowerCase()));
  return plan.arms(new Set(optionalColumns.filter((column) => present.has(column.toLowerCase()))));
}
