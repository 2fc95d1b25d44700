import { expect, test } from "vitest";
import { projectRoot } from "../../support/servers/daemon.ts";
import { run } from "../../support/servers/processes.ts";

// Keeps 20 MB and replaces a part of it again and again, so that what was kept becomes old garbage, as a cache does.
const churn = `
  const kept = Array.from({ length: 20_000 }, (_, i) => ({ i, text: "x".repeat(10) + i, list: new Array(100).fill(i) }));
  let most = 0;
  for (let i = 0; i < 300_000; i++) {
    kept[(i * 7919) % kept.length] = { i, text: "x".repeat(10) + i, list: new Array(100).fill(i) };
    if (i % 1000 === 0) most = Math.max(most, process.memoryUsage().heapTotal);
  }
  console.log(JSON.stringify({ most }));
`;

async function mostHeapBytes(before: string): Promise<number> {
  const script = `import { keepHeapClose } from "./src/daemon/heap.ts"; ${before}; ${churn}`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", script];
  const outcome = await run(process.execPath, args, { cwd: projectRoot }, 60_000);
  if (outcome.stderr !== "") throw new Error(outcome.stderr);
  return (JSON.parse(outcome.stdout) as { most: number }).most;
}

test("a heap that is kept close grows little beyond what lives, and V8 knows both flags", async () => {
  const [close, loose] = [await mostHeapBytes("keepHeapClose()"), await mostHeapBytes("")];

  expect(close).toBeLessThan(0.6 * loose);
});
