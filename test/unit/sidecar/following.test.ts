import { expect, test } from "vitest";
import type { FollowState } from "../../../src/model/listing.ts";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../support/fakes/fake-daemon.ts";

const followed: FollowState = {
  signal: { signal: "binlog", advice: "" },
  listed: 2019,
  ageMs: 400,
  durationMs: 12,
  intervalMs: 1000,
  reason: "",
};

/** What a route says of following the one source. */
async function said(following: FollowState | undefined, url: string, headers: Record<string, string> = {}) {
  const daemon = new FakeDaemon();
  daemon.following = following;
  const response = await buildSidecar(daemon).inject({ url, headers });
  return response.json().sources[0].following;
}

test.each(["/readyz", "/v1/status"])("%s says how following a source fares, in seconds", async (url) => {
  expect(await said(followed, url)).toEqual({
    listed: 2019,
    ageSeconds: 0.4,
    listingSeconds: 0.012,
    intervalSeconds: 1,
    signal: "binlog",
    failing: false,
  });
});

test("before the first listing there is no age, and without a signal none is named", async () => {
  const first = { ...followed, ageMs: undefined, signal: { signal: undefined, advice: "log_bin is off" } };
  const state = await said(first, "/readyz");
  expect(state).not.toHaveProperty("ageSeconds");
  expect(state).not.toHaveProperty("signal");
});

test("a source that is not followed has no such thing", async () => {
  expect(await said(undefined, "/readyz")).toBeUndefined();
});

test("why it cannot be listed is told to a probe, and on the page to whoever brings the token", async () => {
  const failing = { ...followed, reason: "cannot list: SELECT command denied" };
  expect(await said(failing, "/readyz")).toMatchObject({ failing: true, reason: "cannot list: SELECT command denied" });
  const open = await said(failing, "/v1/status");
  expect(open).toMatchObject({ failing: true });
  expect(open).not.toHaveProperty("reason");
  const headers = { authorization: `Bearer ${adminToken}` };
  expect(await said(failing, "/v1/status", headers)).toMatchObject({ reason: "cannot list: SELECT command denied" });
});
