// @ts-check
/**
 * The status page: asks `/v1/status` every two seconds and draws what it says.
 *
 * No framework: the page is a few tables, five charts and four forms.
 */
import { Api, ApiError } from "./api.js";
import { LiveChart } from "./charts.js";
import { find } from "./elements.js";
import { drawErrors } from "./errors.js";
import { offerMaps, serveExplainForm, serveFlushForm, serveSendablesForm, serveTokenForm } from "./forms.js";
import { drawMessages } from "./messages.js";
import {
  compare,
  formatCount,
  formatRate,
  formatSeconds,
  formatShare,
  formatUptime,
  statusAt,
  sum,
} from "./numbers.js";
import { stateOf } from "./state.js";
import { drawTables } from "./tables.js";

/** @typedef {import("./numbers.js").Status} Status */

const pollMs = 2_000;
const answers = ["ok", "notfound"];
const failures = ["temp", "timeout", "perm"];

const api = new Api();
const charts = {
  lookups: new LiveChart(find("lookups-chart", HTMLDivElement), {
    scale: "linear",
    height: 84,
    phoneHeight: 56,
    isTimeless: true,
    format: formatRate,
    lines: [
      { label: "ok", color: "--ok" },
      { label: "notfound", color: "--notfound" },
    ],
  }),
  // A scale of its own: beside hundreds of answers, a failure per second would lie on the axis.
  failures: new LiveChart(find("failures-chart", HTMLDivElement), {
    scale: "linear",
    height: 80,
    phoneHeight: 66,
    format: formatRate,
    lines: [
      { label: "temp", color: "--temp", dash: [6, 3], isTrouble: true },
      { label: "timeout", color: "--timeout", dash: [2, 3], isTrouble: true },
      { label: "perm", color: "--perm", isTrouble: true },
    ],
  }),
  memory: new LiveChart(find("memory-chart", HTMLDivElement), {
    scale: "linear",
    height: 214,
    phoneHeight: 85,
    top: 1,
    format: formatShare,
    lines: [
      { label: "from memory", color: "--ok" },
      { label: "stale", color: "--temp", dash: [6, 3], isTrouble: true },
    ],
  }),
  latency: new LiveChart(find("latency-chart", HTMLDivElement), {
    scale: "logarithmic",
    height: 214,
    phoneHeight: 85,
    format: formatSeconds,
    lines: [
      { label: "p50", color: "--ok" },
      { label: "p99", color: "--tail" },
    ],
  }),
  connections: new LiveChart(find("connections-chart", HTMLDivElement), {
    scale: "linear",
    height: 214,
    phoneHeight: 85,
    isCount: true,
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
  if (previous === undefined) drawHistory(status);
  const isBeat = previous === undefined || Date.parse(status.now) - Date.parse(previous.now) > pollMs / 2;
  if (isBeat) {
    interval = previous === undefined ? undefined : compare(previous, status);
    previous = status;
    drawCharts(status.now, sum(status.listeners.map(({ connections }) => connections)));
  }
  drawTables(status, interval);
  drawErrors(status);
  drawMessages(status);
}

/** @param {Status} status */
function drawHeader(status) {
  const { version, node, startedAt, now, tokenConfigured } = status;
  find("token-form", HTMLFormElement).hidden = !tokenConfigured;
  setState(stateOf(status));
  const seconds = (Date.parse(now) - Date.parse(startedAt)) / 1000;
  find("build", HTMLParagraphElement).textContent = `${version} on Node ${node}, up ${formatUptime(seconds)}`;
}

/** @param {ReturnType<typeof stateOf>} said */
function setState({ text, tone, causes }) {
  const state = find("state", HTMLOutputElement);
  if (state.textContent !== text) state.textContent = text;
  state.dataset["tone"] = tone;
  find("causes", HTMLParagraphElement).textContent = causes;
}

/** At the first look, what the daemon knows of the minutes before. @param {Status} status */
function drawHistory(status) {
  for (const moment of status.history) {
    const then = statusAt(status, moment);
    interval = previous === undefined ? undefined : compare(previous, then);
    previous = then;
    drawCharts(moment.now, moment.connections);
  }
}

/** @param {string} now @param {number} open connections */
function drawCharts(now, open) {
  const time = Date.parse(now) / 1000;
  charts.connections.add(time, [open]);
  figure("connections", `${formatCount(open)} open`);
  /** @param {string} result */
  const perSecond = (result) => interval?.lookupsPerSecond[result] ?? null;
  charts.lookups.add(time, answers.map(perSecond));
  charts.failures.add(time, failures.map(perSecond));
  charts.memory.add(time, [interval?.memoryShare ?? null, interval?.staleShare ?? null]);
  charts.latency.add(time, [interval?.p50 ?? null, interval?.p99 ?? null]);
  if (interval === undefined) return;
  const { lookupsPerSecond, memoryShare, p50, p99 } = interval;
  figure("lookups", `${formatRate(sum(Object.values(lookupsPerSecond)))} /s`);
  const failed = sum(failures.map((result) => lookupsPerSecond[result] ?? 0));
  figure("failures", `${formatRate(failed)} /s`);
  find("failures-figure", HTMLParagraphElement).dataset["tone"] = failed > 0 ? "bad" : "quiet";
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
    setState({ text: error instanceof ApiError ? error.message : "no answer", tone: "bad", causes: "" });
  }
}

serveTokenForm(api, poll);
serveExplainForm(api);
serveSendablesForm(api);
serveFlushForm(api, () => previous?.maps ?? []);
document.addEventListener("visibilitychange", beat);
setInterval(beat, pollMs);
await beat();
