/**
 * Fuzzes the decoders of both protocols and the reader of table files:
 *
 *   npx tsx test/fuzz/main.ts [--seconds 60] [--seed N] [--keep] [--only FOLDER]
 *
 * A failure is kept in test/property/corpus/ and ends the run with exit 1; `--keep` also keeps what behaved in a new way.
 */
import { parseArgs } from "node:util";
import { FuzzFailure, Population, Random } from "./population.ts";
import { targets } from "./targets.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    keep: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

console.log(`seed ${values.seed}`);
const random = new Random(Number(values.seed));
const wanted = targets.filter(({ folder }) => values.only === undefined || folder === values.only);
if (wanted.length === 0) throw new Error(`--only: expected one of ${targets.map(({ folder }) => folder).join(", ")}`);
const populations = wanted.map((target) => new Population(target, random));
const deadline = Date.now() + 1000 * Number(values.seconds);
try {
  while (Date.now() < deadline) for (const population of populations) population.step(values.keep);
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  console.error("FAILED:", error.message, error.cause);
  process.exit(1);
}
for (const [i, { count, grown }] of populations.entries()) {
  console.log(`${wanted[i]?.folder}: ${count} inputs, ${grown} behaved in a new way, none failed`);
}
