/**
 * The load generator: a process of its own, so that the server's CPU time is measured apart from it.
 *
 * Started with `fork`, it takes one `LoadJob` per message and answers each with a `LoadResult` or an error. It stays up
 * between jobs: its code is then compiled, and a run measures the server and not the generator's start.
 */
import type { LoadJob } from "./load-job.ts";
import { LoadRun } from "./load-run.ts";

process.on("message", (job: LoadJob) => {
  const send = (message: object): void => {
    process.send?.(message);
  };
  new LoadRun(
    job,
    (result) => send({ result }),
    (error) => send({ error: error.message }),
  ).start();
});
process.on("disconnect", () => process.exit(0));
