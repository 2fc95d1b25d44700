import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { FileSink, StreamSink, type WaitingStream } from "../../../src/system/stderr.ts";

const open: number[] = [];

afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
});

test("a full disk takes nothing, and nobody is told by an exception", () => {
  const fd = openSync("/dev/full", "w");
  open.push(fd);
  expect(new FileSink(fd).write("a line\n")).toBe(false);
});

test("a file has every line when the call returns", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "loginmapd-stderr-")), "log");
  const fd = openSync(path, "w");
  open.push(fd);
  const sink = new FileSink(fd);
  expect([sink.write("one\n"), sink.write("two ü\n")]).toEqual([true, true]);
  expect(readFileSync(path, "utf8")).toBe("one\ntwo ü\n");
  rmSync(path);
});

test("lines wait in memory for a reader that is slow, up to a bound; nothing is taken when it is gone", () => {
  let fail: (error: Error) => void = () => {};
  const written: string[] = [];
  const stream: WaitingStream & { writableLength: number } = {
    writableLength: 0,
    write: (text) => written.push(text) > 0,
    on: (_event, listener) => {
      fail = listener;
    },
  };
  const sink = new StreamSink(stream);
  stream.writableLength = 1_048_576;
  expect(sink.write("one\n")).toBe(true);
  stream.writableLength++;
  expect(sink.write("two\n")).toBe(false);
  stream.writableLength = 0;
  expect(sink.write("three\n")).toBe(true);
  fail(new Error("EPIPE"));
  expect(sink.write("four\n")).toBe(false);
  expect(written).toEqual(["one\n", "three\n"]);
});
