/** The command line of the benchmark. */
import { parseArgs } from "node:util";

/** The suites, in the order in which they run. */
export const suiteNames = [
  "hits",
  "answers",
  "churn",
  "load",
  "misses",
  "misses-pgsql",
  "misses-ldap",
  "milter",
  "memory",
  "follow",
  "start",
  "audit",
] as const;

/** One of them. */
export type SuiteName = (typeof suiteNames)[number];

/** What a run is to do. */
export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  readonly isQuick: boolean;
  readonly repetitions: number | undefined;
  readonly jsonFile: string | undefined;
  readonly writesDocs: boolean;
  readonly isNodeGenerator: boolean;
}

/** Shown by `--help`. */
export const usage = `usage: npm run bench -- [options]

  --quick            a few minutes instead of fifteen to twenty; fewer settings, shorter runs
  --only SUITE,...   ${suiteNames.join(", ")}
  --repetitions N    of every measurement (9; with --quick 5; a third of it for long ones); medians and quartiles are printed
  --json FILE        write every repetition
  --docs             write the figures and the plots into docs/
  --node-generator   use the load generator in TypeScript even when there is a C compiler
`;

/**
 * Reads the command line.
 *
 * @throws when an option or a suite is unknown; the message says which
 */
export function parseOptions(words: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      repetitions: { type: "string" },
      json: { type: "string" },
      docs: { type: "boolean", default: false },
      "node-generator": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const repetitions = values.repetitions === undefined ? undefined : Number(values.repetitions);
  if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions > 0)) {
    throw new Error(`--repetitions: expected a number, got ${values.repetitions}`);
  }
  return {
    suites: values.only === undefined ? suiteNames : values.only.split(",").map(suiteNamed),
    isQuick: values.quick,
    repetitions,
    jsonFile: values.json,
    writesDocs: values.docs,
    isNodeGenerator: values["node-generator"],
  };
}

function suiteNamed(name: string): SuiteName {
  const suite = suiteNames.find((candidate) => candidate === name);
  if (suite === undefined) throw new Error(`--only: expected some of ${suiteNames.join(", ")}, got ${name}`);
  return suite;
}
