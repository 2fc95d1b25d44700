import { describe, expect, test } from "vitest";
import { compileCacheFolder } from "../../../src/system/compile-cache.ts";

describe("compiled code is kept where nobody else can write", () => {
  test.each([
    { id: "unit with CacheDirectory=", given: "/var/cache/loginmapd", folder: "/var/cache/loginmapd/compiled" },
    { id: "several, the first", given: "/var/cache/a:/var/cache/b", folder: "/var/cache/a/compiled" },
    { id: "no unit", given: undefined, folder: "/home/ada/.cache/loginmapd/compiled" },
    { id: "empty", given: "", folder: "/home/ada/.cache/loginmapd/compiled" },
  ])("$id: $folder", ({ given, folder }) => {
    expect(compileCacheFolder(given, "/home/ada")).toBe(folder);
  });
});
