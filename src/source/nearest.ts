/** Finds what a misspelt name was probably meant to be. */

// Longer names are compared by their beginning: nobody's option is that long, and the cost is the product of the lengths.
const maxLength = 64;

/** Picks the known name that needs the fewest single-letter changes, compared caselessly; `undefined` when none is known. */
export function nearestOf(name: string, known: Iterable<string>): string | undefined {
  const from = name.slice(0, maxLength).toLowerCase();
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(from, candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
