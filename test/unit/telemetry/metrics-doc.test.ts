/** docs/metrics.md and what the daemon publishes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Metrics } from "../../../src/telemetry/exposition.ts";
import { parseExposition } from "../../support/docs/exposition.ts";
import { followed } from "../../support/fakes/followed.ts";

test("docs/metrics.md lists every metric of loginmapd with its type and labels, and no other", async () => {
  const metrics = new Metrics({ version: "1.2.3", node: "v22.11.0" });
  for (const map of ["senders"]) {
    metrics.lookup(map, "socketmap");
    metrics.cache(map);
    metrics.watchCache(map, () => ({ positive: 0, negative: 0, bytes: 0 }));
  }
  metrics.source("mail");
  metrics.watchSource("mail", () => ({ isUp: true, reason: "", hosts: [] }));
  metrics.watchFollowing("mail", () => followed);
  metrics.listener("l");
  metrics.messages("l");
  const published = Array.from(parseExposition(await metrics.text()))
    .filter(([name]) => name.startsWith("loginmapd_"))
    .map(([name, { type, samples }]) => {
      const labels = new Set([...samples.keys()].flatMap((series) => series.match(/\w+(?==")/g) ?? []));
      labels.delete("le");
      return `${name} | ${type} | ${[...labels].sort().join(", ")}`;
    });
  const documented = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, name, type, labels = ""] = /^\| `(loginmapd_\w+)` \| (\w+) \| ([^|]*) \|/.exec(line) ?? [];
      if (name === undefined) return [];
      const names = labels.match(/`\w+`/g)?.map((label) => label.slice(1, -1)) ?? [];
      return [`${name} | ${type} | ${names.sort().join(", ")}`];
    });
  expect(documented.sort()).toEqual(published.sort());
});
