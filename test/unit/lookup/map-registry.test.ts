import { describe, expect, test } from "vitest";
import { toFailure } from "../../../src/lookup/failure.ts";
import { LookupMap, MapRegistry } from "../../../src/lookup/map-registry.ts";
import { SourceError, type SourceErrorCode } from "../../../src/model/errors.ts";
import { toOwnerList } from "../../../src/model/owner-list.ts";
import { type Answer, Found } from "../../../src/model/reply.ts";

const found = new Found(toOwnerList(["alice"])!, false);

function mapOf(ownersOf: (key: string) => Answer | Promise<Answer>, name = "senders"): LookupMap {
  return new LookupMap(name, { ownersOf });
}

describe("LookupMap", () => {
  test("asks its source for the folded key", () => {
    const keys: string[] = [];
    const map = mapOf((key) => {
      keys.push(key);
      return found;
    });
    expect(map.lookup("Alice@EXÄMPLE.com", 0)).toBe(found);
    expect(keys).toEqual(["alice@xn--exmple-cua.com"]);
  });

  test("has no owner for a malformed key, and asks nobody", () => {
    const map = mapOf(() => {
      throw new Error("asked");
    });
    expect(map.lookup("", 0)).toEqual({ kind: "notFound", because: "malformed" });
  });

  test("turns a failure into a reply, whether it comes at once or later", async () => {
    const error = new SourceError("ERR_SOURCE_UNAVAILABLE", "db.example is down");
    const told = { kind: "temporary", reason: "source unavailable", cause: error };
    const thrown = mapOf(() => {
      throw error;
    });
    expect(thrown.lookup("a@x", 0)).toEqual(told);
    await expect(mapOf(() => Promise.reject(error)).lookup("a@x", 0)).resolves.toEqual(told);
  });
});

describe("toFailure", () => {
  test.each<[SourceErrorCode, string, string]>([
    ["ERR_SOURCE_UNAVAILABLE", "temporary", "source unavailable"],
    ["ERR_SOURCE_TIMEOUT", "timeout", "source timeout"],
    ["ERR_SOURCE_SQL", "temporary", "source error"],
    ["ERR_SOURCE_RESULT", "temporary", "source result over its limit"],
    ["ERR_SOURCE_OVERLOAD", "temporary", "too many lookups waiting"],
    ["ERR_SOURCE_CLOSED", "temporary", "shutting down"],
  ])("tells the client of %s only that it is %s: %s", (code, kind, reason) => {
    expect(toFailure(new SourceError(code, "SELECT secret"))).toMatchObject({ kind, reason });
  });

  test("takes anything else for a bug, and still makes Postfix try again", () => {
    expect(toFailure(new TypeError("x is undefined"))).toMatchObject({ kind: "temporary", reason: "internal error" });
  });
});

describe("MapRegistry", () => {
  test("finds maps by name until they are replaced", () => {
    const first = mapOf(() => found);
    const registry = new MapRegistry([first]);
    expect(registry.find("senders")).toBe(first);
    const second = mapOf(() => found, "other");
    registry.replace([second]);
    expect(registry.find("senders")).toBeUndefined();
    expect(registry.all()).toEqual([second]);
  });
});
