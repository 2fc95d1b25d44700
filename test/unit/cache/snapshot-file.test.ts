import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AgedAnswer } from "../../../src/cache/answers.ts";
import { readSnapshot, removeSnapshot, SnapshotError, writeSnapshot } from "../../../src/cache/snapshot-file.ts";
import type { Moment } from "../../../src/model/clock.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { absent, Found } from "../../../src/model/reply.ts";

// A disk that takes a second and a half to confirm must not keep lookups waiting for that long.
vi.mock("node:fs", async (original) => {
  const onEventLoop = () => {
    throw new Error("synced on the event loop");
  };
  return { ...(await original<typeof import("node:fs")>()), fsyncSync: onEventLoop, fdatasyncSync: onEventLoop };
});

const savedAtMs = 1_700_000_000_000;
const at = (wallMs: number): Moment => ({ wallMs, uptimeMs: 0, bootId: "" });
const answers: AgedAnswer[] = [
  { key: "alice@x", answer: new Found(toOwnerList(["alice", "bob"])!, false), ageMs: 10_000 },
  { key: "alice+t@x", answer: new Found(toOwnerList(["alice"])!, true), ageMs: 0 },
  { key: "nobody@x", answer: absent, ageMs: 5 },
];
let path: string;

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "loginmapd-snapshot-")), "cache");
});

const domains = [{ domains: ["example.com", "x"], ageMs: 7_000 }, null];
const senders = (kept: Iterable<AgedAnswer>) => [{ name: "senders", fingerprint: "f1", answers: kept, domains }];
const save = () => writeSnapshot(path, senders(answers), at(savedAtMs));
const load = (nowMs = savedAtMs, fingerprint = "f1") =>
  readSnapshot(path, new Map([["senders", fingerprint]]), at(nowMs));

describe("a snapshot", () => {
  test("gives back every answer, older by the time that has passed", async () => {
    expect(await save()).toBe(3);
    const restored = (await load(savedAtMs + 1_000)).get("senders");
    expect(restored?.domains).toEqual([{ domains: ["example.com", "x"], ageMs: 8_000 }, null]);
    expect(restored?.answers).toMatchObject([
      { key: "alice@x", ageMs: 11_000, answer: { owners: { text: "alice,bob" }, derived: false } },
      { key: "alice+t@x", ageMs: 1_000, answer: { derived: true } },
      { key: "nobody@x", ageMs: 1_005, answer: { kind: "notFound", because: "absent" } },
    ]);
  });

  test("is readable by its owner only, and leaves no other file behind", async () => {
    await save();
    await save();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(path, ".."))).toEqual(["cache"]);
  });

  test("of a source that does not tell its domains has none", async () => {
    await writeSnapshot(path, [{ name: "senders", fingerprint: "f1", answers, domains: [null] }], at(savedAtMs));
    expect((await load()).get("senders")?.domains).toEqual([null]);
  });

  test("that others may write is not believed: they would say who may send as whom", async () => {
    await save();
    await chmod(path, 0o620);
    await expect(load()).rejects.toThrow("others may write it");
    await chmod(path, 0o600);
    await chown(path, 65_534, 65_534);
    await expect(load()).rejects.toThrow("others may write it");
  });

  test("of another source is not believed", async () => {
    await save();
    expect(await load(savedAtMs, "f2")).toEqual(new Map());
  });

  test("that was never written is empty", async () => {
    expect(await load()).toEqual(new Map());
  });

  test("survives a failure to write a new one", async () => {
    await save();
    const before = await readFile(path, "utf8");
    const failing = {
      *[Symbol.iterator](): Generator<AgedAnswer> {
        yield answers[0]!;
        throw new Error("no space left on device");
      },
    };
    await expect(writeSnapshot(path, senders(failing), at(0))).rejects.toThrow("no space");
    expect(await readFile(path, "utf8")).toBe(before);
    expect(await readdir(join(path, ".."))).toEqual(["cache"]);
  });

  test("is void when the clock went back and nothing tells how old it is", async () => {
    await save();
    await expect(load(savedAtMs - 1)).rejects.toThrow(SnapshotError);
  });

  test("is as old as the machine's uptime says when the clock went back meanwhile", async () => {
    const saved = { wallMs: savedAtMs, uptimeMs: 5_000_000, bootId: "b" };
    await writeSnapshot(path, senders(answers), saved);
    const now = { wallMs: savedAtMs - 3_600_000, uptimeMs: 5_600_000, bootId: "b" };
    const restored = await readSnapshot(path, new Map([["senders", "f1"]]), now);
    expect(restored.get("senders")?.answers[0]?.ageMs).toBe(610_000);
  });

  test("does not come to be when a flush came while it was written, and leaves nothing behind", async () => {
    const many = Array.from({ length: 2_500 }, (_, i): AgedAnswer => ({ key: `k${i}@x`, answer: absent, ageMs: i }));
    const maps = senders(many);
    for (const flushedAtQuestion of [1, 2, 3, 4]) {
      let questions = 0;
      const isCurrent = () => ++questions < flushedAtQuestion;
      expect(await writeSnapshot(path, maps, at(savedAtMs), isCurrent)).toBeUndefined();
      expect(await readdir(join(path, ".."))).toEqual([]);
    }
    expect(await writeSnapshot(path, maps, at(savedAtMs), () => true)).toBe(2_500);
  });

  test("is gone once it is removed, however often that is asked", async () => {
    await save();
    await removeSnapshot(path);
    expect(existsSync(path)).toBe(false);
    await removeSnapshot(path);
    await removeSnapshot(join(path, "no", "such", "directory"));
  });

  test("that cannot be removed is told as such, and stays", async () => {
    await mkdir(path);
    await expect(removeSnapshot(path)).rejects.toThrow(SnapshotError);
    expect(existsSync(path)).toBe(true);
  });

  test("replaces what a crash left of an earlier writing, whoever may read that", async () => {
    await writeFile(`${path}.${process.pid}.new`, "left over", { mode: 0o666 });
    await save();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(path, ".."))).toEqual(["cache"]);
  });

  test("is written in parts when it is long, all of which come back", async () => {
    const many = Array.from({ length: 2_500 }, (_, i): AgedAnswer => ({ key: `k${i}@x`, answer: absent, ageMs: i }));
    expect(await writeSnapshot(path, senders(many), at(savedAtMs))).toBe(2_500);
    expect((await load()).get("senders")?.answers).toHaveLength(2_500);
  });
});

describe("a damaged snapshot", () => {
  test.each([
    ["is empty", () => ""],
    ["is no JSON", () => "x\n"],
    ["is of another format", (text: string) => text.replace('"format":4', '"format":3')],
    ["has no date", (text: string) => text.replace(/"wallMs":\d+/, '"x":1')],
    ["is cut within a line", (text: string) => text.slice(0, -20)],
    ["is cut after a line", (text: string) => text.split("\n").slice(0, -2).join("\n")],
    ["has lost a line", (text: string) => text.replace(/\[0,"nobody.*\n/, "")],
    ["has a line that is no answer", (text: string) => text.replace(/\[0,"nobody.*\n/, '[0,"nobody@x",7]\n')],
    ["has another owner", (text: string) => text.replace("alice,bob", "alice,eve")],
    ["has an answer from the future", (text: string) => text.replace(/0,5\]/, "0,-5]")],
    ["has a line that is no list", (text: string) => text.replace(/\[0,"nobody.*\n/, "{}\n")],
    ["has a line that is no JSON", (text: string) => text.replace(/\[0,"nobody.*\n/, "[0,\n")],
  ])("that %s is refused as such", async (_how, damage) => {
    await save();
    const damaged = damage(await readFile(path, "utf8"));
    await writeFile(path, damaged);
    await expect(load()).rejects.toThrow(SnapshotError);
  });

  test.each([
    ["has no date", (text: string) => text.replace(/"wallMs":\d+/, '"x":1')],
    ["has a line that is no answer", (text: string) => text.replace(/\[0,"nobody.*\n/, '[0,"nobody@x",7]\n')],
    ["has an answer from the future", (text: string) => text.replace(/0,5\]/, "0,-5]")],
    ["has a line that is no list", (text: string) => text.replace(/\[0,"nobody.*\n/, "{}\n")],
    ["has a line that is no JSON", (text: string) => text.replace(/\[0,"nobody.*\n/, "[0,\n")],
  ])("that %s is refused even with the right hash", async (_how, damage) => {
    await save();
    const lines = damage(await readFile(path, "utf8"))
      .split("\n")
      .slice(0, -2);
    const hashed = `${lines.join("\n")}\n`;
    const sha256 = createHash("sha256").update(hashed).digest("base64url");
    await writeFile(path, `${hashed}${JSON.stringify({ sha256 })}\n`);
    await expect(load()).rejects.toThrow(SnapshotError);
  });

  test("that is a directory is refused as such", async () => {
    await expect(readSnapshot(join(path, ".."), new Map(), at(0))).rejects.toThrow(SnapshotError);
  });
});
