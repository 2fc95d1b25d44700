/** A real Prometheus with the shipped configuration and rules, scraping four times a second. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { projectRoot } from "./daemon.ts";
import { freePort, isListening } from "./ports.ts";
import { startChild, stopChild } from "./processes.ts";

/** One series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A running Prometheus. */
export interface Prometheus {
  /** Evaluates an expression now; throws when Prometheus cannot. */
  query(expression: string): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

const shipped = join(projectRoot, "deploy/prometheus");

/** Starts it in front of the admin endpoint at a port: the shipped files but for the port and the pace. */
export async function startPrometheus(adminPort: number): Promise<Prometheus> {
  const directory = await makeDirectory("prometheus");
  const port = await freePort();
  await copyFile(join(shipped, "rules.yaml"), join(directory.path, "rules.yaml"));
  const text = await readFile(join(shipped, "prometheus.yaml"), "utf8");
  const quick = text
    .replace("127.0.0.1:9100", `127.0.0.1:${adminPort}`)
    .replaceAll(/_interval: 15s/g, "_interval: 250ms");
  await writeFile(join(directory.path, "prometheus.yaml"), quick);
  const child = startChild("prometheus", [
    `--config.file=${directory.path}/prometheus.yaml`,
    `--storage.tsdb.path=${directory.path}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=warn",
  ]);
  const stop = async () => {
    await stopChild(child);
    await directory.remove();
  };
  try {
    await waitUntil("Prometheus to listen", () => isListening(port), 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    async query(expression) {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const body = (await (await fetch(url)).json()) as { status: string; error?: string; data: { result: Sample[] } };
      if (body.status !== "success") throw new Error(`${expression}: ${body.error}`);
      return body.data.result;
    },
    stop,
  };
}
