import { describe, expect, test } from "vitest";
import { ConfigError, formatProblem, SourceError } from "../../../src/model/errors.ts";
import { formatEndpoint } from "../../../src/model/settings.ts";
import { cacheTally, Histogram, listenerTally, lookupTally, sourceTally } from "../../../src/model/tally.ts";

describe("Histogram", () => {
  test("counts a value in the first bucket whose bound it does not pass", () => {
    const histogram = new Histogram([1, 2]);
    histogram.observe(1);
    histogram.observe(1.5, 2);
    histogram.observe(9);
    expect([...histogram.counts]).toEqual([1, 2, 1]);
    expect(histogram.sum).toBe(13);
  });
});

test("tallies begin at zero", () => {
  expect(Object.values(cacheTally().requests)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(Object.values(lookupTally().results)).toEqual([0, 0, 0, 0, 0]);
  expect(Object.values(sourceTally().queries)).toEqual([0, 0, 0]);
  expect(listenerTally().connections).toBe(0);
});

describe("formatEndpoint", () => {
  test.each([
    [{ kind: "inet", host: "127.0.0.1", port: 9000 } as const, "inet:127.0.0.1:9000"],
    [{ kind: "inet", host: "::1", port: 9000 } as const, "inet:[::1]:9000"],
    [{ kind: "unix", path: "/run/x" } as const, "unix:/run/x"],
  ])("writes %j as %s", (endpoint, text) => {
    expect(formatEndpoint(endpoint)).toBe(text);
  });
});

describe("errors", () => {
  test("a problem names its key and place when they are known", () => {
    expect(formatProblem({ path: "cache.ttl", message: "no", where: "a.yaml line 3" })).toBe(
      "cache.ttl: no (a.yaml line 3)",
    );
    expect(formatProblem({ path: "", message: "no" })).toBe("no");
  });

  test("carry their code, class and cause", () => {
    const cause = new Error("x");
    const error = new SourceError("ERR_SOURCE_SQL", "bad", { cause });
    expect([error.code, error.name, error.cause]).toEqual(["ERR_SOURCE_SQL", "SourceError", cause]);
    expect(new ConfigError("ERR_CONFIG_INVALID", [{ path: "a", message: "b" }]).message).toBe("a: b");
  });
});
