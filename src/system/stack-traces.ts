/**
 * Stack traces that name the files and lines of the sources, where the program is a bundle.
 *
 * Node can do that too (`--enable-source-maps`), but it then reads the map of each file as it loads it: an eighth of the processor
 * time of a start, for what is hardly ever asked. Here a map is read when a stack is.
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** What V8 tells of one frame of a stack. */
interface Frame extends Pick<NodeJS.CallSite, "getFileName" | "getLineNumber" | "getColumnNumber"> {
  toString(): string;
}

/** Has every stack of this process that is read from now on name the sources. */
export function nameSourcesInStacks(): void {
  const maps = new SourceMaps();
  Error.prepareStackTrace = (error, frames) => formatStack(error, frames, maps);
}

/** Writes a stack as V8 does, but for the places that a source map knows. */
export function formatStack(error: Error, frames: readonly Frame[], maps: SourceMaps): string {
  return [headOf(error), ...frames.map((frame) => `    at ${formatFrame(frame, maps)}`)].join("\n");
}

// Whoever reads a stack has trouble enough: an error whose own text fails must not make another.
function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "<error>";
  }
}

function formatFrame(frame: Frame, maps: SourceMaps): string {
  const text = frame.toString();
  const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
  if (typeof file !== "string" || line === null || column === null) return text;
  const source = maps.find(file, line, column);
  return source === undefined ? text : text.replace(`${file}:${line}:${column}`, () => source);
}

/** The source maps beside the files of the bundle (`NAME.js.map`), each read when it is first asked for. */
export class SourceMaps {
  readonly #maps = new Map<string, SourceMap | undefined>();

  /**
   * Finds where a place comes from.
   *
   * @param file the URL of a loaded module
   * @param line of the module, from 1 on
   * @param column from 1 on
   * @returns `PATH:LINE:COLUMN` of the source; `undefined` where no map knows it
   */
  find(file: string, line: number, column: number): string | undefined {
    if (!file.startsWith("file:") || !file.endsWith(".js")) return undefined;
    const entry = this.#mapOf(file)?.findEntry(line - 1, column - 1);
    // Other people's code is not in our maps.
    if (entry === undefined || !("originalSource" in entry) || entry.originalSource === undefined) return undefined;
    const path = fileURLToPath(new URL(entry.originalSource, file));
    return `${path}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }

  #mapOf(file: string): SourceMap | undefined {
    if (this.#maps.has(file)) return this.#maps.get(file);
    const map = readMap(new URL(`${file}.map`));
    this.#maps.set(file, map);
    return map;
  }
}

// A stack without our lines is still a stack: a map that is not there, or broken, must not hide the error.
function readMap(url: URL): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(url, "utf8")));
  } catch {
    return undefined;
  }
}
