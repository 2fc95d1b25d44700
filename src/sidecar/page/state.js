// @ts-check
/**
 * What the header says of the daemon as a whole.
 *
 * Pure: no page, no clock.
 */

/** @typedef {import("./numbers.js").Status} Status */

/**
 * Tells whether lookups can be answered, and what is in the way.
 *
 * @param {Pick<Status, "ready" | "listeners" | "sources">} status
 * @returns {{ text: string, tone: "good" | "bad", causes: string }} `causes` names listeners and sources; empty when all is well
 */
export function stateOf({ ready, listeners, sources }) {
  const causes = [
    ...listeners.filter(({ bound }) => !bound).map(({ name }) => `listener ${name} is not bound`),
    ...sources
      .filter(({ up }) => !up)
      .map(({ name, servingStale }) => `source ${name} is down${servingStale ? ", stale answers are given" : ""}`),
  ];
  if (!ready && causes.length === 0) causes.push("draining: no new connection is taken");
  return {
    text: ready ? "ready" : "not ready",
    tone: ready ? "good" : "bad",
    causes: causes.join("; "),
  };
}
