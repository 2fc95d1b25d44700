/** What the status page says: of sources, caches, listeners, errors and messages, and of a daemon that does not answer. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recentError, useStatusPage } from "../../support/page/stage.ts";
import { projectRoot } from "../../support/servers/daemon.ts";

const stage = useStatusPage();

test("is in the build whole, charting library and its licence included: production has no node_modules/uplot", () => {
  const built = readdirSync(join(projectRoot, "dist/page"));
  const own = readdirSync(join(projectRoot, "src/sidecar/page"));
  expect(built.sort()).toEqual([...own, "uPlot.LICENSE", "uPlot.iife.min.js", "uPlot.min.css"].sort());
});

test("shows sources, cache and listeners, and where the hosts are only with the token", async () => {
  stage.daemon.isSourceUp = false;
  stage.daemon.isReady = false;
  stage.daemon.errors = [recentError({ count: 1240, firstTime: "2026-11-24T07:41:03.000Z" })];
  const page = await stage.open();
  expect(await page.locator("#state").textContent()).toBe("not ready");
  expect(await page.locator("#causes").textContent()).toBe("source mail is down");
  expect(await page.locator("#sources").textContent()).toBe(
    "maildown0000 hosts up, 2 downnot followed: answers live for cache.ttl",
  );
  expect(await page.locator("#caches").textContent()).toBe("senders1,20487120");
  expect(await page.locator("#listeners").textContent()).toMatch(/^inet:127\.0\.0\.1:9000bound000/);
  expect(await page.locator("body").textContent()).not.toMatch(/10\.0\.0\.5|lookup failed/);
  expect(await page.locator("#errors-note").textContent()).toBe("Unlock with the admin token to see them.");

  await stage.unlock();

  const hosts = await page.locator("#sources .hosts li").allTextContents();
  expect(hosts).toEqual(["✗ inet:10.0.0.5:3306 connection refused", "✗ inet:10.0.0.6:3306 connection refused"]);
  expect(await page.locator("#errors li > *").allTextContents()).toEqual([
    "24 Nov 07:59:12",
    "lookup failed: source unavailable",
    "map senders · listener inet:127.0.0.1:9000 · ERR_SOURCE_UNAVAILABLE",
    "1,240 times since 24 Nov 07:41:03",
  ]);
  expect(stage.watched.complaints).toEqual([]);
});

test("tells of a source that is down how many lookups get no answer, and of a map how many are stale", async () => {
  stage.daemon.isSourceUp = false;
  const page = await stage.open();
  stage.daemon.metrics.lookup("senders", "socketmap").results.temp += 20;
  stage.daemon.metrics.cache("senders").requests.stale += 6;
  await stage.tick();
  const cells = (body: string) => page.locator(`${body} tr`).first().locator("td").allTextContents();
  await expect.poll(() => cells("#sources")).toEqual(["maildown", "0", "0", "2010 /s"]);
  expect(await cells("#caches")).toEqual(["senders", "1,204", "87", "12", "3"]);
});

describe("recent errors", () => {
  test("beyond the first eight wait behind a click, which the next poll does not undo", async () => {
    stage.daemon.errors = Array.from({ length: 11 }, (_, i) => recentError({ message: `message ${i}` }));
    const page = await stage.open();
    await stage.unlock();
    expect(await page.locator("#errors li").count()).toBe(8);
    expect(await page.getByText("message 10").isVisible()).toBe(false);
    await page.getByText("3 older").click();
    await stage.tick();
    expect(await page.getByText("message 10").isVisible()).toBe(true);
  });

  test("are drawn whole: no row is cut off, and none needs to be scrolled to", async () => {
    stage.daemon.errors = Array.from({ length: 8 }, (_, i) => recentError({ message: `message ${i}` }));
    const page = await stage.open();
    await stage.unlock();
    const { clientHeight, scrollHeight } = await page.locator("#errors").evaluate((list) => list);
    expect(scrollHeight).toBe(clientHeight);
  });
});

describe("messages that the milter judged", () => {
  const listener = "unix:/var/spool/postfix/loginmapd/milter";

  function judge(): void {
    const tally = stage.daemon.metrics.messages(listener);
    Object.assign(tally.accept, { owned: 1200, no_from: 3, unauthenticated: 1 });
    Object.assign(tally.reject, { not_owned: 17, unreadable: 2 });
    Object.assign(tally.temp, { lookup_failed: 4 });
    const common = { listener, login: "bob@example.com", queueId: "4jc6tx4XHPzK2GX" } as const;
    stage.daemon.metrics.refusals.add({
      ...common,
      result: "temp",
      reason: "lookup_failed",
      place: "From",
      address: "a@b",
    });
    stage.daemon.metrics.refusals.add({
      ...common,
      result: "would_reject",
      reason: "several",
      place: "From",
      address: undefined,
    });
    stage.daemon.metrics.refusals.add({
      ...common,
      result: "reject",
      reason: "not_owned",
      place: "Resent-From",
      address: `<b>${"boss".repeat(45)}</b>@example.com`,
    });
  }

  test("have a card by result, and the last refusals with the token", async () => {
    const page = await stage.open();
    const card = page.locator("#messages-card");
    expect(await card.isVisible()).toBe(false);
    judge();
    await stage.tick();
    await expect.poll(() => card.isVisible()).toBe(true);
    const cells = () => page.locator("#messages td").allTextContents();
    await expect.poll(cells).toEqual([listener, "1,204", "0", "19", "4"]);
    expect(await page.locator("#refusals-note").textContent()).toBe(
      "Unlock with the admin token to see the last refusals.",
    );
    expect(await page.locator("body").textContent()).not.toContain("bob@example.com");

    await stage.unlock();

    await expect.poll(() => page.locator("#refusals li").count()).toBe(3);
    expect(await page.locator("#refusals .what").allTextContents()).toEqual([
      `Resent-From <b>${"boss".repeat(45)}</b>@example.com`,
      "From: several",
      "From a@b",
    ]);
    expect(await page.locator("#refusals li").first().locator(".quiet").first().textContent()).toBe(
      "login bob@example.com · reject · not_owned · 4jc6tx4XHPzK2GX",
    );
    expect(await page.locator("#refusals-note").textContent()).toBe("");
    // What could not be refused for want of an answer is no refusal.
    expect(await page.locator("#refusals li.error").count()).toBe(1);
    expect(stage.watched.complaints).toEqual([]);
  });

  test.each([1280, 360])("are drawn whole on a page %i pixels wide: no text leaves its card", async (width) => {
    const page = await stage.open({ width });
    judge();
    await stage.unlock();
    await expect.poll(() => page.locator("#refusals li").count()).toBe(3);
    const overflow = await page.locator("#refusals").evaluate((list) => list.scrollWidth - list.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});

test("says that the daemon does not answer, and goes on when it does again", async () => {
  const page = await stage.open();
  await page.route(/\/v1\/status$/, (route) => route.abort());
  stage.daemon.timeMs += 2_000;
  await page.clock.runFor(2_000);
  await expect.poll(() => page.locator("#state").textContent()).toBe("no answer");
  await page.unroute(/\/v1\/status$/);
  await stage.tick();
  await expect.poll(() => page.locator("#state").textContent()).toBe("ready");
});
