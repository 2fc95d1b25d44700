/** Draws how long a start takes, as SVG (Vega; the same specification opens in any Vega editor). */
import { parse, type Spec, View } from "vega";
import { type Lineup, spreadOfFigure } from "./statistics.ts";

interface Bar {
  readonly what: string;
  readonly ms: number;
  readonly low: number;
  readonly high: number;
}

// The blue of drawLatency's loginmapd, dark enough on white, light enough on dark.
const blue = "#0072B2";

/** Draws the line-up of the start: a bar for each median, a rule from quartile to quartile. */
export function drawStart(lineup: Lineup): Promise<string> {
  const bars = lineup.entries.map((entry): Bar => {
    const { median, low, high } = spreadOfFigure(entry, "ms");
    return { what: entry.name, ms: median, low, high };
  });
  return new View(parse(specification(bars)), { renderer: "none" }).toSVG();
}

function specification(bars: readonly Bar[]): Spec {
  const middle = { scale: "y", field: "what", band: 0.5 };
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "Milliseconds from the spawn of the process",
    width: 480,
    height: 40 * bars.length,
    padding: 12,
    background: "white",
    config: { axis: { labelFontSize: 12, titleFontSize: 13, titleFontWeight: "normal" } },
    data: [{ name: "bars", values: [...bars] }],
    scales: [
      {
        name: "x",
        type: "linear",
        range: "width",
        domain: { data: "bars", fields: ["ms", "high"] },
        zero: true,
        nice: true,
      },
      { name: "y", type: "band", range: "height", domain: { data: "bars", field: "what" }, padding: 0.3 },
    ],
    axes: [
      {
        scale: "x",
        orient: "bottom",
        grid: true,
        gridColor: "#e5e5e5",
        title: "milliseconds from the spawn of the process",
      },
      { scale: "y", orient: "left", ticks: false, domain: false, labelLimit: 0 },
    ],
    marks: [
      {
        type: "rect",
        from: { data: "bars" },
        encode: {
          enter: {
            x: { scale: "x", value: 0 },
            x2: { scale: "x", field: "ms" },
            y: { scale: "y", field: "what" },
            height: { scale: "y", band: 1 },
            fill: { value: blue },
          },
        },
      },
      {
        type: "rule",
        from: { data: "bars" },
        encode: {
          enter: {
            x: { scale: "x", field: "low" },
            x2: { scale: "x", field: "high" },
            y: middle,
            stroke: { value: "#222222" },
            strokeWidth: { value: 2 },
          },
        },
      },
    ],
  };
}
