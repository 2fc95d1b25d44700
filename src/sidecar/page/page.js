// @ts-check
/**
 * The status page: asks `/v1/status` every two seconds and draws what it says.
 *
 * No framework: the page is a few tables, four charts and three forms.
 */
import { Api, ApiError } from "./api.js";
import { LiveChart } from "./charts.js";
import { find } from "./elements.js";
import { offerMaps, serveExplainForm, serveFlushForm, serveTokenForm } from "./forms.js";
import { compare, formatCount, formatRate, formatSeconds, formatShare, formatUptime, sum } from "./numbers.js";
import { drawTables } from "./tables.js";

/** @typedef {import("./numbers.js").Status} Status */

const pollMs = 2_000;
const results = ["ok", "notfound", "temp", "timeout", "perm"];

const api = new Api();
const charts = {
  lookups: new LiveChart(find("lookups-chart", HTMLDivElement), {
    scale: "linear",
    format: formatRate,
    lines: [
      { label: "ok", color: "--ok" },
      { label: "notfound", color: "--notfound" },
      { label: "temp", color: "--temp", isTrouble: true },
      { label: "timeout", color: "--timeout", isTrouble: true },
      { label: "perm", color: "--perm", isTrouble: true },
    ],
  }),
  memory: new LiveChart(find("memory-chart", HTMLDivElement), {
    scale: "linear",
    top: 1,
    format: formatShare,
    lines: [
      { label: "from memory", color: "--ok" },
      { label: "stale", color: "--temp", isTrouble: true },
    ],
  }),
  latency: new LiveChart(find("latency-chart", HTMLDivElement), {
    scale: "logarithmic",
    format: formatSeconds,
    lines: [
      { label: "p50", color: "--ok" },
      { label: "p99", color: "--notfound" },
    ],
  }),
  connections: new LiveChart(find("connections-chart", HTMLDivElement), {
    scale: "linear",
    format: formatCount,
    lines: [{ label: "open", color: "--ok" }],
  }),
};

/** @type {Status | undefined} */
let previous;
/** @type {import("./numbers.js").Interval | undefined} */
let interval;

/** Asks once and draws the answer. */
async function poll() {
  /** @type {Status} */
  const status = await api.call("v1/status");
  drawHeader(status);
  offerMaps(status.maps.map(({ map }) => map));
  // A poll between two beats, when the token is typed, is drawn but not compared: its interval is too short to be true.
  const isBeat = previous === undefined || Date.parse(status.now) - Date.parse(previous.now) > pollMs / 2;
  if (isBeat) {
    interval = previous === undefined ? undefined : compare(previous, status);
    previous = status;
    drawCharts(status);
  }
  drawTables(status, interval?.queriesPerSecond ?? {});
}

/** @param {Status} status */
function drawHeader({ version, node, startedAt, now, ready, tokenConfigured }) {
  find("token-form", HTMLFormElement).hidden = !tokenConfigured;
  setState(ready ? "ready" : "not ready", ready ? "good" : "bad");
  const seconds = (Date.parse(now) - Date.parse(startedAt)) / 1000;
  find("build", HTMLParagraphElement).textContent = `${version} on Node ${node}, up ${formatUptime(seconds)}`;
}

/** @param {string} text @param {"good" | "bad"} tone */
function setState(text, tone) {
  const state = find("state", HTMLOutputElement);
  if (state.textContent !== text) state.textContent = text;
  state.dataset["tone"] = tone;
}

/** @param {Status} status */
function drawCharts(status) {
  const time = Date.parse(status.now) / 1000;
  const open = sum(status.listeners.map(({ connections }) => connections));
  charts.connections.add(time, [open]);
  figure("connections", `${formatCount(open)} open`);
  charts.lookups.add(
    time,
    results.map((result) => interval?.lookupsPerSecond[result] ?? null),
  );
  charts.memory.add(time, [interval?.memoryShare ?? null, interval?.staleShare ?? null]);
  charts.latency.add(time, [interval?.p50 ?? null, interval?.p99 ?? null]);
  if (interval === undefined) return;
  const { lookupsPerSecond, memoryShare, p50, p99 } = interval;
  figure("lookups", `${formatRate(sum(Object.values(lookupsPerSecond)))} /s`);
  figure("memory", memoryShare === null ? "–" : formatShare(memoryShare));
  figure("latency", p50 === null || p99 === null ? "–" : `p50 ${formatSeconds(p50)}, p99 ${formatSeconds(p99)}`);
}

/** @param {string} name @param {string} text */
function figure(name, text) {
  find(`${name}-figure`, HTMLParagraphElement).textContent = text;
}

async function beat() {
  // A page that nobody sees asks nothing; what it missed is averaged into the next interval.
  if (document.hidden) return;
  try {
    await poll();
  } catch (error) {
    setState(error instanceof ApiError ? error.message : "no answer", "bad");
  }
}

serveTokenForm(api, poll);
serveExplainForm(api);
serveFlushForm(api);
document.addEventListener("visibilitychange", beat);
setInterval(beat, pollMs);
await beat();
