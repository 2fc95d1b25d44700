// @ts-check
/** The live charts: a window of the last five minutes that moves on with every poll. */

/** @type {typeof import("uplot")} */
const UPlot = /** @type {any} */ (globalThis).uPlot;

const windowSeconds = 300;
const wholeSteps = [1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]);
const phone = matchMedia("(max-width: 30rem)");

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color name of the custom property of colors.css that holds it
 * @property {number[]} [dash] so that lines are told apart without their colours
 * @property {boolean} [isTrouble] drawn only where it is above zero: a line along the axis would alarm
 *
 * @typedef {object} ChartOptions
 * @property {Line[]} lines
 * @property {(value: number) => string} format
 * @property {"linear" | "logarithmic"} scale
 * @property {number} height pixels
 * @property {number} phoneHeight
 * @property {number} [top] fixes the upper end of the scale
 * @property {boolean} [isCount] has no fractions on its axis
 * @property {boolean} [isTimeless] has no axis of its own for the time, since another chart stands below
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
      this.#showLast();
    });
  }

  /**
   * Adds what was seen at a time.
   *
   * @param {number} time seconds since 1970
   * @param {readonly (number | null)[]} values one for each line; `null` leaves a gap
   */
  add(time, values) {
    for (const [index, column] of this.#data.entries()) column.push(index === 0 ? time : (values[index - 1] ?? null));
    const firstKept = (this.#data[0] ?? []).findIndex((at) => at !== null && at >= time - windowSeconds);
    for (const column of this.#data) column.splice(0, firstKept);
    this.#plot.setData(/** @type {any} */ (this.#drawn()));
    this.#showLast();
  }

  /** What is drawn of the values: of trouble, the zeros beside it too, so that it rises from the axis and returns. */
  #drawn() {
    return this.#data.map((column, index) => {
      if (this.#options.lines[index - 1]?.isTrouble !== true) return column;
      return column.map((value, i) => (value || column[i - 1] || column[i + 1] ? value : null));
    });
  }

  /** Without a pointer over the chart, its legend says what is now. */
  #showLast() {
    const { left = -1 } = this.#plot.cursor;
    if (left < 0) this.#plot.setLegend({ idx: (this.#data[0]?.length ?? 0) - 1 });
  }

  #size() {
    const { height, phoneHeight } = this.#options;
    return { width: this.#host.clientWidth, height: phone.matches ? phoneHeight : height };
  }

  #draw() {
    const { lines, format, scale, top, isCount = false, isTimeless = false } = this.#options;
    const style = getComputedStyle(this.#host);
    /** @param {string} name */
    const color = (name) => style.getPropertyValue(name).trim();
    /** @param {number} index of a series: the time is the first */
    const lineAt = (index) => lines[index - 1] ?? { label: "", color: "--line" };
    /** @param {any} _plot @param {number[]} splits */
    const powersOfTen = (_plot, splits) => splits.map((split) => (isPowerOfTen(split) ? split : null));
    const filter = scale === "logarithmic" ? { filter: powersOfTen } : {};
    const axis = { stroke: color("--quiet"), ticks: { show: false } };
    const grid = { stroke: color("--line"), width: 1 };
    return new UPlot(
      {
        ...this.#size(),
        padding: [8, 16, isTimeless ? 8 : 0, 0],
        cursor: { sync: { key: "loginmapd" }, points: { size: 6 }, drag: { x: false, y: false } },
        legend: {
          markers: {
            width: 2,
            stroke: (_plot, index) => color(lineAt(index).color),
            fill: (_plot, index) => (lineAt(index).dash === undefined ? color(lineAt(index).color) : "transparent"),
            dash: (_plot, index) => borderOf(lineAt(index)),
          },
        },
        scales: {
          x: { time: true, range: (_plot, _min, max) => [max - windowSeconds, max] },
          y:
            scale === "logarithmic"
              ? { distr: 3, log: 10, range: (_plot, min, max) => wholeDecades(min, max) }
              : { range: (_plot, _min, max) => [0, top ?? Math.max(1, max * 1.1)] },
        },
        axes: [
          {
            ...axis,
            grid,
            size: isTimeless ? 0 : 26,
            space: 40,
            incrs: [60, 120, 300],
            values: (_plot, ticks) => ticks.map((tick) => (isTimeless ? "" : formatMinute(tick))),
          },
          {
            ...axis,
            ...filter,
            ...(isCount ? { incrs: wholeSteps } : {}),
            grid: { ...grid, ...filter },
            size: 54,
            space: phone.matches ? 14 : 24,
            values: (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick))),
          },
        ],
        series: [
          { value: (_plot, time) => (time === null ? "" : formatTime(time)) },
          ...lines.map(({ label, color: name, dash }) => ({
            label,
            stroke: color(name),
            width: 2,
            points: { show: false },
            ...(dash === undefined ? {} : { dash }),
            // The value as it was seen: zeros of trouble are not drawn, but known.
            value: (
              /** @type {any} */ _plot,
              /** @type {any} */ _drawn,
              /** @type {number} */ series,
              /** @type {any} */ at,
            ) => {
              const seen = this.#data[series]?.[at] ?? null;
              return seen === null ? "–" : format(seen);
            },
          })),
        ],
      },
      /** @type {any} */ (this.#drawn()),
      this.#host,
    );
  }
}

/**
 * Rounds a range out to powers of ten, so that nothing lies beyond the last label.
 *
 * @param {number | null} min @param {number | null} max
 * @returns {[number, number]}
 */
function wholeDecades(min, max) {
  if (min === null || max === null) return [1e-4, 1e-2];
  const low = Math.floor(Math.log10(min));
  return [10 ** low, 10 ** Math.max(low + 1, Math.ceil(Math.log10(max)))];
}

/** The style of a border that looks most like the line. @param {Line} line */
function borderOf({ dash }) {
  if (dash === undefined) return "solid";
  return (dash[0] ?? 0) > 3 ? "dashed" : "dotted";
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
