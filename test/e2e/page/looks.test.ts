/** How the status page looks: its charts, in light and dark, whole on narrow and wide screens. */
import { describe, expect, test } from "vitest";
import { History } from "../../../src/telemetry/history.ts";
import { faintTexts, lineEnds, pixelsOf, topOf } from "../../support/page/drawn.ts";
import { useStatusPage } from "../../support/page/stage.ts";

const stage = useStatusPage();

test("draws what is asked and answered now, by itself, and calls nobody else", async () => {
  const page = await stage.open();
  for (let i = 0; i < 15; i++) {
    stage.load();
    await stage.tick();
  }
  await expect.poll(() => page.locator("#lookups-figure").textContent()).toBe("400 /s");
  expect(await page.locator("#memory-figure").textContent()).toBe("90 %");
  expect(await page.locator("#latency-figure").textContent()).toMatch(/^p50 \d+ µs, p99 \S+ (µs|ms)$/);
  expect(await page.locator("#connections-figure").textContent()).toBe("21 open");
  for (const chart of ["#lookups-chart", "#memory-chart", "#latency-chart", "#connections-chart"]) {
    expect(await pixelsOf(page, chart, "--ok"), chart).toBeGreaterThan(20);
  }
  expect(await pixelsOf(page, "#latency-chart", "--tail")).toBeGreaterThan(20);
  expect(await page.locator("#lookups-chart .u-legend").textContent()).toContain("notfound100");
  // No trouble is nothing to draw, and it is known to be none.
  expect(await page.locator("#failures-figure").textContent()).toBe("0 /s");
  for (const color of ["--temp", "--timeout", "--perm"]) expect(await pixelsOf(page, "#failures-chart", color)).toBe(0);
  expect(await page.locator("#failures-chart .u-legend").textContent()).toContain("temp0timeout0perm0");
  expect([...stage.watched.origins]).toEqual([stage.origin]);
  expect(stage.watched.complaints).toEqual([]);
});

test("at the first look its charts are full of the last five minutes, and it says how the source is followed", async () => {
  const history = new History(
    () => stage.daemon.metrics.snapshot(),
    () => stage.daemon.now(),
  );
  for (let moment = 0; moment < 60; moment++) {
    stage.load();
    stage.daemon.metrics.following("mail").changes.changed++;
    history.take();
    stage.daemon.timeMs += 5000;
  }
  stage.daemon.moments = history.list();
  stage.daemon.following = {
    signal: { signal: "binlog", advice: "" },
    listed: 20_190,
    ageMs: 12_400,
    durationMs: 61,
    intervalMs: 3000,
    reason: "",
  };
  const page = await stage.open();
  expect(await page.locator("#lookups-figure").textContent()).not.toBe("");
  const legends = page.locator("#lookups-chart .u-legend");
  await expect.poll(() => legends.textContent()).toMatch(/ok\d/);
  // The whole width of the chart, not the last few pixels of it.
  for (const chart of ["#lookups-chart", "#memory-chart", "#latency-chart", "#connections-chart"]) {
    expect(await pixelsOf(page, chart, "--ok"), chart).toBeGreaterThan(300);
  }
  expect(await page.locator("#sources").textContent()).toContain(
    "followed: 20,190 keys listed 12 s ago, in 61 ms; 11 changes in the last minute, signalled by binlog",
  );
  expect(stage.watched.complaints).toEqual([]);
});

test("marks failing lookups in a chart of their own, where a few beside hundreds of answers are seen", async () => {
  const page = await stage.open();
  for (let i = 0; i < 3; i++) {
    stage.load();
    const { results } = stage.daemon.metrics.lookup("senders", "socketmap");
    results.temp += 8;
    results.perm += 2;
    await stage.tick();
  }
  await expect.poll(() => page.locator("#failures-figure").textContent()).toBe("5 /s");
  expect(await pixelsOf(page, "#failures-chart", "--temp")).toBeGreaterThan(5);
  // On its own scale the line of four per second is far above that of one.
  const heights = await Promise.all(["--temp", "--perm"].map((color) => topOf(page, "#failures-chart", color)));
  expect((heights[1] ?? 0) - (heights[0] ?? 0)).toBeGreaterThan(15);
});

test("labels the scale of the time to answer below the median and above the tail", async () => {
  const page = await stage.open();
  for (let i = 0; i < 15; i++) {
    stage.load();
    await stage.tick();
  }
  await expect.poll(() => page.locator("#latency-figure").textContent()).toMatch(/^p50 1\d\d µs, p99 \d+ ms$/);
  const [median = 0, tail = 0] = await Promise.all([
    topOf(page, "#latency-chart", "--ok"),
    topOf(page, "#latency-chart", "--tail"),
  ]);
  // The axis ends at whole decades: 100 µs is the lowest label, and nothing is drawn at the very edge.
  const { top, bottom } = await page.locator("#latency-chart .u-over").evaluate((over) => {
    const { offsetTop: top = 0, offsetHeight: height = 0 } = over as HTMLElement;
    return { top, bottom: top + height };
  });
  expect(median).toBeLessThan(bottom - 5);
  expect(tail).toBeGreaterThan(top + 5);
});

test("colours of trouble are told apart in light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await stage.open({ colorScheme });
    const colors = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      return ["--temp", "--timeout", "--perm"].map((name) => {
        const color = style.getPropertyValue(name).trim();
        return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
      });
    });
    for (const [i, one] of colors.entries()) {
      for (const other of colors.slice(i + 1)) {
        const distance = Math.hypot(...one.map((part, j) => part - (other[j] ?? 0)));
        expect(distance, `${colorScheme}: ${one} and ${other}`).toBeGreaterThan(90);
      }
    }
    await stage.watched.close();
  }
});

test("follows a change of the colour scheme while it is open, charts included", async () => {
  const page = await stage.open({ colorScheme: "light" });
  for (let i = 0; i < 15; i++) {
    stage.load();
    await stage.tick();
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => pixelsOf(page, "#lookups-chart", "--ok")).toBeGreaterThan(20);
  expect(await page.locator("#lookups-chart canvas").count()).toBe(1);
  expect(stage.watched.complaints).toEqual([]);
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test("text stands out from its ground by 4.5 to 1, and charts are drawn in the colours of the scheme", async () => {
    const page = await stage.open({ colorScheme });
    stage.load();
    await stage.tick();
    await stage.unlock();
    await stage.explainAlice();
    expect(await faintTexts(page)).toEqual([]);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(colorScheme === "dark" ? "rgb(15, 18, 22)" : "rgb(244, 245, 247)");
    expect(await pixelsOf(page, "#connections-chart", "--ok")).toBeGreaterThan(0);
  });
});

test("fits a screen of 360 pixels: nothing is cut off, and names break between their words", async () => {
  const page = await stage.open({ width: 360 });
  stage.load();
  await stage.tick();
  await stage.unlock();
  await stage.explainAlice();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await page.locator("#lookups-chart canvas").evaluate((canvas) => canvas.clientWidth)).toBeLessThanOrEqual(344);
  expect(await page.locator("#memory-chart canvas").evaluate((canvas) => canvas.clientHeight)).toBeLessThan(100);
  const cut = await page.locator(".scroll").evaluateAll((all) => {
    return all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map((one) => one.textContent);
  });
  expect(cut).toEqual([]);
  const brokenAfter = await lineEnds(page, ".verdicts code");
  expect(brokenAfter.length).toBeGreaterThan(0);
  expect(brokenAfter.filter((line) => !line.endsWith("_"))).toEqual([]);
});

test("on a desktop, keys, roles and states stand on one line each, and no table is cut off", async () => {
  stage.daemon.isSourceUp = false;
  const page = await stage.open();
  await stage.unlock();
  await stage.explainAlice();
  expect(await lineEnds(page, ".asks td:first-child, .asks code, #sources .named, #listeners .named")).toEqual([]);
  const cut = await page.locator(".scroll").evaluateAll((all) => {
    return all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map((one) => one.textContent);
  });
  expect(cut).toEqual([]);
});
