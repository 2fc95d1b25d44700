import { expect, test } from "vitest";
import { denialOn, stepsTo } from "../../../src/doctor/access.ts";
import type { FileStatus, Observations } from "../../../src/doctor/observations.ts";
import { file } from "./support.ts";

test("the way to a socket begins at the root or at the base", () => {
  expect(stepsTo("/a/b/s", "/")).toEqual(["/", "/a", "/a/b", "/a/b/s"]);
  expect(stepsTo("/a/b/s", "/a")).toEqual(["/a", "/a/b", "/a/b/s"]);
});

const account = { name: "postfix", uid: 102, gids: [105, 7] };

test.each<[string, FileStatus, FileStatus, string | undefined]>([
  ["open to all", file("other", 0o755), file("socket", 0o666), undefined],
  ["open to its group", file("other", 0o750, 105), file("socket", 0o660, 7), undefined],
  ["open to its owner", { ...file("other", 0o700), uid: 102 } as FileStatus, file("socket", 0o666), undefined],
  [
    "closed to its owner, open to others",
    file("other", 0o755),
    { ...file("socket", 0o066), uid: 102 } as FileStatus,
    "/d/s",
  ],
  ["closed to its group, open to others", file("other", 0o755), file("socket", 0o606, 105), "/d/s"],
  ["a socket of another group", file("other", 0o755), file("socket", 0o660, 1), "/d/s"],
  ["a socket to read only", file("other", 0o755), file("socket", 0o644), "/d/s"],
  ["a closed directory", file("other", 0o700), file("socket", 0o666), "/d"],
  ["what is not there or not known denies nothing", { kind: "hidden" }, { kind: "absent" }, undefined],
])("%s", (_, directory, socket, denied) => {
  const files = new Map([
    ["/d", directory],
    ["/d/s", socket],
  ]);
  const seen = { account, files } as unknown as Observations;
  expect(denialOn(["/", "/d", "/d/s"], seen)?.path).toBe(denied);
});

test("root may do everything, and of an unknown account nothing is said", () => {
  const files = new Map([["/s", file("socket", 0)]]);
  expect(denialOn(["/s"], { account: { ...account, uid: 0 }, files } as unknown as Observations)).toBeUndefined();
  expect(denialOn(["/s"], { account: undefined, files } as unknown as Observations)).toBeUndefined();
});
