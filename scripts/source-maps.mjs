// Source maps of our own files alone: a bundle is mostly other people's code, whose map costs more to read at each start than the rest.
import { decode, encode } from "@jridgewell/sourcemap-codec";

/**
 * Leaves in a source map only what points to files below a folder.
 *
 * Where other code begins, one segment says that nothing is known of it: a stack trace then names the bundle's own line there,
 * not the last line of ours before it.
 *
 * @param map the text of a source map (version 3)
 * @param folder as the paths in `sources` begin: `../src/`
 */
export function keepSources(map, folder) {
  const { sources, mappings, ...rest } = JSON.parse(map);
  const kept = sources.filter((source) => source.startsWith(folder));
  const places = sources.map((source) => kept.indexOf(source));
  let isKnown = false;
  const lines = decode(mappings).map((segments) =>
    segments.flatMap(([column, source, line, sourceColumn]) => {
      const place = source === undefined ? -1 : places[source];
      const wasKnown = isKnown;
      isKnown = place !== -1;
      if (isKnown) return [[column, place, line, sourceColumn]];
      return wasKnown ? [[column]] : [];
    }),
  );
  return JSON.stringify({ ...rest, names: [], sources: kept, mappings: encode(lines) });
}
