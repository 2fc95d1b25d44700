/** How the reader of table files reaches the files that they name. */
import { readFileSync } from "node:fs";

/**
 * Reads a file as text.
 *
 * @returns bytes that are not UTF-8 as U+FFFD: they do no harm in a comment, and a value that holds one is refused
 * @throws when it cannot be read
 */
export type ReadFile = (path: string) => string;

/** Reads from the disk; synchronous, since it happens at start and at reload only. A byte order mark is kept. */
export const readFromDisk: ReadFile = (path) => readFileSync(path).toString("utf8");
