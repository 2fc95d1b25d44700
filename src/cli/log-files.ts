/** Reads mail logs: plain or gzip, rotated, or from standard input, in the order in which they were written. */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, type Gunzip } from "node:zlib";
import { LineSplitter } from "../audit/line-splitter.ts";
import { type LogClock, type LogLine, LogLineReader } from "../audit/log-line.ts";

/** One of them. */
export interface LogFile {
  /** `-` is standard input. */
  readonly path: string;
  /** What is read of it, for progress; 0 when that is not known. */
  readonly bytes: number;
  readonly isGzip: boolean;
  readonly clock: LogClock;
  /** The time of its first line that counts. */
  readonly firstMs: number;
}

/** A log that cannot be read, and why. */
export class LogFileError extends Error {}

// Enough of a file to find a line of Postfix in it, among those of other programs.
const headBytes = 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Opens each, and puts them in the order of their first lines: a message may begin in one file and go on in the next, and
 * `mail.log*` names the newest first. Of two that begin in the same second, the one that was written last comes last; so does a
 * file without any line of Postfix.
 *
 * @throws {LogFileError}
 */
export async function openLogFiles(paths: readonly string[]): Promise<LogFile[]> {
  const files = await Promise.all(paths.map((path) => (path === "-" ? standardInput() : openLogFile(path))));
  return files.toSorted((a, b) => a.firstMs - b.firstMs || a.clock.newestMs - b.clock.newestMs);
}

function standardInput(): LogFile {
  const clock = { newestMs: Date.now() };
  return { path: "-", bytes: 0, isGzip: false, clock, firstMs: Number.NEGATIVE_INFINITY };
}

async function openLogFile(path: string): Promise<LogFile> {
  try {
    const { size, mtimeMs } = await stat(path);
    const clock = { newestMs: mtimeMs };
    const isGzip = await startsLikeGzip(path);
    const reader = new LogLineReader(clock);
    let firstMs = Number.POSITIVE_INFINITY;
    // The head ends in the middle of what gzip packed together.
    const unpack = isGzip ? createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }) : undefined;
    await splitLines(createReadStream(path, { end: headBytes }), unpack, (line) => {
      if (firstMs === Number.POSITIVE_INFINITY) firstMs = reader.read(line)?.timeMs ?? firstMs;
    });
    return { path, bytes: size, isGzip, clock, firstMs };
  } catch (error) {
    throw new LogFileError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function startsLikeGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** What becomes of the lines of a file. */
export interface LineSink {
  /** Every line that may count. */
  readonly line: (line: LogLine) => void;
  /** Now and then: how many bytes of the file have been read. */
  readonly progress: (bytes: number) => void;
}

/**
 * Reads a file to its end.
 *
 * @returns how many lines it has
 * @throws {LogFileError} when it cannot be read, or is no whole gzip file
 */
export async function readLogFile(file: LogFile, sink: LineSink): Promise<number> {
  const input = file.path === "-" ? process.stdin : createReadStream(file.path, { highWaterMark: chunkBytes });
  const reader = new LogLineReader(file.clock);
  let lines = 0;
  let bytes = 0;
  input.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    sink.progress(bytes);
  });
  input.pause();
  try {
    await splitLines(input, file.isGzip ? createGunzip() : undefined, (text) => {
      lines += 1;
      const line = reader.read(text);
      if (line !== undefined) sink.line(line);
    });
  } catch (error) {
    throw new LogFileError(`${file.path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return lines;
}

async function splitLines(input: Readable, unpack: Gunzip | undefined, emit: (line: string) => void): Promise<void> {
  const splitter = new LineSplitter(emit);
  const take = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) splitter.push(chunk);
    splitter.end();
  };
  if (unpack === undefined) await pipeline(input, take);
  else await pipeline(input, unpack, take);
}
