/** Says which tables PostgreSQL would read without an index for a query. */
import { SessionError, type StatementSession } from "../session.ts";
import { tokenizeSql } from "../sql/sql-text.ts";

/**
 * Explains a query whose parameters have types.
 *
 * A small table is read whole even where an index fits, since that is faster; so the planner is told to avoid that where it can:
 * what it reads whole then, no index could help with. What a function does is not seen. Throws as `StatementSession.run`.
 */
export async function fullScans(session: StatementSession, sql: string): Promise<readonly string[]> {
  if (!/^[\s(]*(?:SELECT|WITH|VALUES|TABLE)\b/i.test(sql)) return [];
  // The planner plans for the values that it sees; a plain address is what they will be, unless a number is wanted.
  const plan = await explain(session, sql, "somebody@example.com").catch((error: unknown) => {
    if (error instanceof SessionError && error.kind === "key") return explain(session, sql, "1");
    throw error;
  });
  return [...new Set(scannedTables(plan))];
}

/** In a transaction, so that the planner's setting reaches nobody else, even through a pooler. */
async function explain(session: StatementSession, sql: string, value: string): Promise<PlanNode> {
  const values = Array<string>(countParameters(sql)).fill(value);
  await session.run("BEGIN READ ONLY", []);
  try {
    await session.run("SET LOCAL enable_seqscan = off", []);
    const { rows } = await session.run(`EXPLAIN (FORMAT JSON) ${sql}`, values);
    const [explained] = JSON.parse(rows[0]?.[0] ?? "[]") as { readonly Plan: PlanNode }[];
    if (explained === undefined) throw new Error("EXPLAIN gave no plan");
    return explained.Plan;
  } finally {
    await session.run("ROLLBACK", []);
  }
}

/** A node of a plan, as EXPLAIN (FORMAT JSON) names its parts. */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly PlanNode[];
}

function scannedTables(node: PlanNode, table = node["Relation Name"]): string[] {
  const type = node["Node Type"];
  const below = (node.Plans ?? []).flatMap((plan) => scannedTables(plan, plan["Relation Name"] ?? table));
  // Along a whole index is no better than the whole table.
  const isWhole =
    type === "Seq Scan" || (type.includes("Index") && type.endsWith("Scan") && node["Index Cond"] === undefined);
  return isWhole && table !== undefined ? [table, ...below] : below;
}

function countParameters(sql: string): number {
  const code = tokenizeSql(sql, "pgsql").filter(({ kind }) => kind === "code");
  return Math.max(0, ...code.flatMap(({ text }) => [...text.matchAll(/(?<![\w$])\$(\d+)/g)].map(([, n]) => Number(n))));
}
