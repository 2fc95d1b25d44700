// @ts-check
/** The live charts: a window of the last five minutes that moves on with every poll. */

/** @type {typeof import("uplot")} */
const UPlot = /** @type {any} */ (globalThis).uPlot;

const windowSeconds = 300;
const heightPixels = 170;

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color name of the custom property of page.css that holds it
 * @property {boolean} [isTrouble] drawn with dots, and only where it is above zero: a line along the axis would alarm
 *
 * @typedef {object} ChartOptions
 * @property {Line[]} lines
 * @property {(value: number) => string} format
 * @property {"linear" | "logarithmic"} scale
 * @property {number} [top] fixes the upper end of the scale
 */

/** One chart. */
export class LiveChart {
  #host;
  #options;
  /** @type {(number | null)[][]} times, then the values of each line */
  #data;
  #plot;

  /** @param {HTMLElement} host @param {ChartOptions} options */
  constructor(host, options) {
    this.#host = host;
    this.#options = options;
    this.#data = [[], ...options.lines.map(() => [])];
    this.#plot = this.#draw();
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(host);
    // Colours are baked into the canvas, so it is drawn again when they change.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#plot.destroy();
      this.#plot = this.#draw();
    });
  }

  /**
   * Adds what was seen at a time.
   *
   * @param {number} time seconds since 1970
   * @param {readonly (number | null)[]} values one for each line; `null` leaves a gap
   */
  add(time, values) {
    for (const [index, column] of this.#data.entries()) {
      const value = values[index - 1] ?? null;
      const isQuiet = value === 0 && this.#options.lines[index - 1]?.isTrouble === true;
      column.push(index === 0 ? time : isQuiet ? null : value);
    }
    const firstKept = (this.#data[0] ?? []).findIndex((at) => at !== null && at >= time - windowSeconds);
    for (const column of this.#data) column.splice(0, firstKept);
    this.#plot.setData(/** @type {any} */ (this.#data));
    this.#showLast();
  }

  /** Without a pointer over the chart, its legend says what is now. */
  #showLast() {
    const { left = -1 } = this.#plot.cursor;
    if (left < 0) this.#plot.setLegend({ idx: (this.#data[0]?.length ?? 0) - 1 });
  }

  #size() {
    return { width: this.#host.clientWidth, height: heightPixels };
  }

  #draw() {
    const { lines, format, scale, top } = this.#options;
    const style = getComputedStyle(this.#host);
    /** @param {string} name */
    const color = (name) => style.getPropertyValue(name).trim();
    /** @param {any} _plot @param {number[]} splits */
    const powersOfTen = (_plot, splits) => splits.map((split) => (isPowerOfTen(split) ? split : null));
    const filter = scale === "logarithmic" ? { filter: powersOfTen } : {};
    const axis = { stroke: color("--quiet"), ticks: { show: false } };
    const grid = { stroke: color("--line"), width: 1 };
    return new UPlot(
      {
        ...this.#size(),
        padding: [8, 20, 0, 0],
        cursor: { sync: { key: "loginmapd" }, points: { size: 6 }, drag: { x: false, y: false } },
        legend: { markers: { fill: (_plot, index) => color(lines[index - 1]?.color ?? "--line") } },
        scales: {
          x: { time: true, range: (_plot, _min, max) => [max - windowSeconds, max] },
          y:
            scale === "logarithmic"
              ? { distr: 3, log: 10 }
              : { range: (_plot, _min, max) => [0, top ?? Math.max(1, max * 1.1)] },
        },
        axes: [
          {
            ...axis,
            grid,
            size: 26,
            space: 40,
            incrs: [60, 120, 300],
            values: (_plot, ticks) => ticks.map(formatMinute),
          },
          {
            ...axis,
            ...filter,
            grid: { ...grid, ...filter },
            size: 58,
            space: 30,
            values: (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick))),
          },
        ],
        series: [
          { label: "at", value: (_plot, time) => (time === null ? "–" : formatTime(time)) },
          ...lines.map(({ label, color: name, isTrouble = false }) => ({
            label,
            stroke: color(name),
            width: 2,
            points: isTrouble ? { show: true, size: 5, fill: color(name) } : { show: false },
            /** @param {unknown} _plot @param {number | null} value */
            value: (_plot, value) => (value === null ? "–" : format(value)),
          })),
        ],
      },
      /** @type {any} */ (this.#data),
      this.#host,
    );
  }
}

/** @param {number} number */
function isPowerOfTen(number) {
  return Number.isInteger(Number(Math.log10(number).toFixed(6)));
}

/** @param {number} time seconds since 1970 */
function formatTime(time) {
  return new Date(time * 1000).toLocaleTimeString("en-GB");
}

/** @param {number} time seconds since 1970 */
function formatMinute(time) {
  return formatTime(time).slice(0, 5);
}
