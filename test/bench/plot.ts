/** Draws latency against load, as SVG (Vega; the same specification opens in any Vega editor). */
import { parse, type Spec, View } from "vega";
import { type Figure, type Lineup, medianOf } from "./statistics.ts";
import { offeredLoad } from "./suites/open-loop.ts";

interface Point {
  readonly load: number;
  readonly latencyUs: number;
  readonly line: string;
  readonly server: string;
  readonly quantile: string;
}

// Okabe and Ito's colours, which colour-blind readers can tell apart; dark enough on white, light enough on dark.
const colors = { loginmapd: "#0072B2", "bare Node": "#D55E00", "C limit": "#8C8C8C" } as const;
const dashes = { "50th": [1, 0], "99th": [6, 3] } as const;
const quantiles: readonly (readonly [keyof typeof dashes, Figure])[] = [
  ["50th", "p50Us"],
  ["99th", "p99Us"],
];

// Those outside of what was measured are not drawn.
const roundLatencies = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/** Draws the line-ups of the open loop. */
export function drawLatency(lineups: readonly Lineup[]): Promise<string> {
  return new View(parse(specification(pointsOf(lineups))), { renderer: "none" }).toSVG();
}

function pointsOf(lineups: readonly Lineup[]): Point[] {
  return lineups.flatMap((lineup) =>
    lineup.entries.flatMap((entry) =>
      quantiles.map(([quantile, figure]) => ({
        load: offeredLoad(lineup),
        latencyUs: medianOf(entry, figure),
        line: `${entry.name} ${quantile}`,
        server: entry.name,
        quantile,
      })),
    ),
  );
}

function specification(points: readonly Point[]): Spec {
  const [servers, shades] = [Object.keys(colors), Object.values(colors)];
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "Latency of a hit against the lookups per second that are offered",
    width: 640,
    height: 360,
    padding: 12,
    background: "white",
    config: {
      axis: { labelFontSize: 12, titleFontSize: 13, gridColor: "#e5e5e5", titleFontWeight: "normal" },
      legend: { labelFontSize: 12, titleFontSize: 13, titleFontWeight: "normal", symbolStrokeWidth: 2 },
    },
    data: [{ name: "points", values: [...points] }],
    scales: [
      { name: "x", type: "log", range: "width", domain: { data: "points", field: "load" }, nice: false },
      { name: "y", type: "log", range: "height", domain: { data: "points", field: "latencyUs" }, nice: true },
      { name: "color", type: "ordinal", domain: servers, range: shades },
      {
        name: "dash",
        type: "ordinal",
        domain: Object.keys(dashes),
        range: Object.values(dashes).map((dash) => [...dash]),
      },
    ],
    axes: [
      {
        scale: "x",
        orient: "bottom",
        grid: true,
        title: "offered load, lookups per second",
        values: [...new Set(points.map((point) => point.load))],
        format: "~s",
        labelOverlap: "greedy",
      },
      {
        scale: "y",
        orient: "left",
        grid: true,
        title: "time from due to answered, µs",
        format: ",",
        values: roundLatencies,
      },
    ],
    legends: [
      { title: "server", stroke: "color", symbolType: "stroke", orient: "right" },
      { title: "percentile", strokeDash: "dash", symbolType: "stroke", orient: "right" },
    ],
    marks: [
      {
        type: "group",
        from: { facet: { name: "lines", data: "points", groupby: ["line", "server", "quantile"] } },
        marks: [
          {
            type: "line",
            from: { data: "lines" },
            encode: {
              enter: {
                x: { scale: "x", field: "load" },
                y: { scale: "y", field: "latencyUs" },
                stroke: { scale: "color", field: { parent: "server" } },
                strokeDash: { scale: "dash", field: { parent: "quantile" } },
                strokeWidth: { value: 2 },
              },
            },
          },
          {
            type: "symbol",
            from: { data: "lines" },
            encode: {
              enter: {
                x: { scale: "x", field: "load" },
                y: { scale: "y", field: "latencyUs" },
                fill: { scale: "color", field: { parent: "server" } },
                size: { value: 22 },
              },
            },
          },
        ],
      },
    ],
  };
}
