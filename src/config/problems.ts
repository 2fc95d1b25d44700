/** Collects everything that is wrong, or merely doubtful, so that an administrator reads it all at once. */
import type { ConfigProblem } from "../model/errors.ts";
import { printable } from "./mismatch.ts";
import type { Place } from "./tree.ts";

interface Problem {
  readonly path: string;
  readonly message: string;
  readonly place: Place | undefined;
}

/** The problems and warnings of one configuration. */
export class Problems {
  readonly #fileName: string;
  readonly #places = new Map<string, Place>();
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];

  /** @param fileName as messages name it, without directories; empty when there is no file */
  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  /** Remembers where the value at a path was written, for messages that are made later. */
  locate(path: string, place: Place): void {
    this.#places.set(path, place);
  }

  /** Where the value at a path was written, or the nearest section around it. */
  placeOf(path: string): Place | undefined {
    for (let at = path; at !== ""; at = parentOf(at)) {
      const place = this.#places.get(at);
      if (place !== undefined) return place;
    }
    return this.#places.get("");
  }

  /** Tells whether a value was written at exactly this path. */
  isGiven(path: string): boolean {
    return this.#places.has(path);
  }

  /** Tells whether the value at a path, or one inside it, has a problem. */
  hasProblemUnder(path: string): boolean {
    return this.#problems.some((problem) => {
      const rest = problem.path.slice(path.length);
      return problem.path.startsWith(path) && (rest === "" || rest.startsWith(".") || rest.startsWith("["));
    });
  }

  /** Adds a problem: the configuration will be refused. Its place is that of the path unless one is given. */
  problem(path: string, message: string, place = this.placeOf(path)): void {
    this.#problems.push({ path, message, place });
  }

  /** Adds a doubt: the configuration is taken, and the log says so. */
  warning(path: string, message: string, place = this.placeOf(path)): void {
    this.#warnings.push({ path, message, place });
  }

  get hasProblems(): boolean {
    return this.#problems.length > 0;
  }

  /** Problems in the order of the file, then those of the environment. */
  problems(): ConfigProblem[] {
    return this.#sorted(this.#problems);
  }

  /** Warnings in the order of the file, then those of the environment. */
  warnings(): ConfigProblem[] {
    return this.#sorted(this.#warnings);
  }

  #sorted(findings: readonly Problem[]): ConfigProblem[] {
    return findings
      .toSorted((a, b) => order(a.place) - order(b.place))
      .map(({ path, message, place }) => {
        const where = this.#where(place);
        const problem = { path: printable(path), message: printable(message) };
        return where === undefined ? problem : { ...problem, where };
      });
  }

  #where(place: Place | undefined): string | undefined {
    if (place?.kind === "environment") return `environment variable ${place.variable}`;
    if (this.#fileName === "") return undefined;
    return place === undefined ? this.#fileName : `${this.#fileName} line ${place.line}`;
  }
}

/** The path around a path: `listeners[0].map` → `listeners[0]` → `listeners` → the whole. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("."), path.lastIndexOf("["), 0));
}

function order(place: Place | undefined): number {
  if (place === undefined) return 0;
  return place.kind === "file" ? place.line : Number.MAX_SAFE_INTEGER;
}
