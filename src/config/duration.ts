/** Durations as the configuration writes them: a whole number and a unit. */

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const pattern = /^(\d+)(ms|s|m|h|d)$/;

/**
 * Reads `500ms`, `30s`, `5m`, `1h` or `1d`.
 *
 * @returns milliseconds, or `undefined` when it is no such duration; a bare number is none, since its unit would be a guess
 */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Writes milliseconds in the largest unit that divides them: 90000 is `90s`, 3600000 is `1h`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  for (const unit of ["d", "h", "m", "s"] as const) {
    if (ms % unitsMs[unit] === 0) return `${ms / unitsMs[unit]}${unit}`;
  }
  return `${ms}ms`;
}
