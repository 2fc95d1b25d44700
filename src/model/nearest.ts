/** Finds what was probably meant by a name that is not known. */

/**
 * Picks the known name nearest to `name`, compared caselessly and with `-` equal to `_`.
 *
 * @returns `undefined` when nothing is near: more than a third of the letters would have to change
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = fold(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, fold(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Writes the end of a message about an unknown name: `; did you mean "ttl"?`, or nothing when nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

/** As `didYouMean`; when nothing is near, names what is known: `; known are a, b`. */
export function nearestOrKnown(name: string, known: Iterable<string>): string {
  const names = [...known];
  const hint = didYouMean(name, names);
  if (hint !== "" || names.length === 0) return hint;
  return names.length === 1 ? `; known is ${names[0]}` : `; known are ${names.join(", ")}`;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** Counts the single-letter insertions, deletions, changes and swaps of neighbours between two names. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, at(beforePrevious, j - 2) + 1);
      }
      row.push(distance);
    }
    beforePrevious = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
