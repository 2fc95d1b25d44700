import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildSidecar } from "../../src/sidecar/app.ts";
import { listenSidecar } from "../../src/sidecar/listen.ts";
import { launchBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { projectRoot } from "../support/daemon.ts";
import { adminToken, FakeDaemon } from "../support/fake-daemon.ts";

let browser: Browser;
let daemon: FakeDaemon;
let app: FastifyInstance;
let origin: string;
let watched: WatchedPage;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
  const endpoint = await listenSidecar(app, { kind: "inet", host: "127.0.0.1", port: 0 });
  if (endpoint.kind !== "inet") throw new Error("not inet");
  origin = `http://127.0.0.1:${endpoint.port}`;
});

afterEach(async () => {
  await watched?.close();
  await app.close();
});

interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
}

/** Opens the page with its clock in our hand, and waits for its first answer. */
async function open({ colorScheme = "light", width = 1280 }: Look = {}): Promise<Page> {
  watched = await openPage(browser, { colorScheme, viewport: { width, height: 900 } });
  await watched.page.clock.install({ time: daemon.timeMs });
  await watched.page.goto(`${origin}/`);
  await watched.page.getByText("0.1.0 on Node").waitFor();
  return watched.page;
}

/** Lets two seconds pass, for the daemon and for the page, and waits until the page has polled. */
async function tick(page: Page): Promise<void> {
  daemon.timeMs += 2_000;
  const polled = page.waitForResponse(/\/v1\/status$/);
  await page.clock.runFor(2_000);
  await (await polled).finished();
}

/** One interval of load: 300 lookups/s with owners, 100 without, nine of ten from memory. */
function load(): void {
  const tally = daemon.metrics.lookup("senders", "socketmap");
  tally.results.ok += 600;
  tally.results.notfound += 200;
  tally.duration.observe(0.000_2, 790);
  tally.duration.observe(0.02, 10);
  const { requests } = daemon.metrics.cache("senders");
  requests.hit += 500;
  requests.negative_hit += 100;
  requests.foreign_domain += 120;
  requests.miss += 80;
  daemon.metrics.source("mail").queries.ok += 80;
  Object.assign(daemon.metrics.listener("socketmap inet:127.0.0.1:9000"), { connections: 21, connectionsTotal: 90 });
}

async function unlock(page: Page): Promise<void> {
  await page.getByLabel("Admin token").fill(adminToken);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
}

/** How many pixels of a chart's canvas have nearly the colour of a custom property of the page. */
function pixelsOf(page: Page, chart: string, property: string): Promise<number> {
  return page.evaluate(
    ([selector, name]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`${selector} canvas`);
      if (canvas === null) return 0;
      // Read from a copy: the browser warns when a canvas that is drawn to is read again and again.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy?.drawImage(canvas, 0, 0);
      const pixels = copy?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const wanted = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
      let found = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        if (wanted.every((part, j) => Math.abs(part - (pixels[i + j] ?? 0)) < 12) && (pixels[i + 3] ?? 0) > 200)
          found++;
      }
      return found;
    },
    [chart, property] as const,
  );
}

test("is in the build whole, charting library and its licence included: production has no node_modules/uplot", () => {
  const built = readdirSync(join(projectRoot, "dist/sidecar/page"));
  const own = readdirSync(join(projectRoot, "src/sidecar/page"));
  expect(built.sort()).toEqual([...own, "uPlot.LICENSE", "uPlot.iife.min.js", "uPlot.min.css"].sort());
});

test("draws what is asked and answered now, by itself, and calls nobody else", async () => {
  const page = await open();
  for (let i = 0; i < 15; i++) {
    load();
    await tick(page);
  }
  await expect.poll(() => page.locator("#lookups-figure").textContent()).toBe("400 /s");
  expect(await page.locator("#memory-figure").textContent()).toBe("90 %");
  expect(await page.locator("#latency-figure").textContent()).toMatch(/^p50 \d+ µs, p99 \S+ (µs|ms)$/);
  expect(await page.locator("#connections-figure").textContent()).toBe("21 open");
  for (const chart of ["#lookups-chart", "#memory-chart", "#latency-chart", "#connections-chart"]) {
    expect(await pixelsOf(page, chart, "--ok"), chart).toBeGreaterThan(20);
  }
  expect(await pixelsOf(page, "#lookups-chart", "--temp")).toBe(0);
  expect(await page.locator("#lookups-chart .u-legend").textContent()).toContain("notfound100");
  expect([...watched.origins]).toEqual([origin]);
  expect(watched.complaints).toEqual([]);
});

test("marks failing lookups in the chart", async () => {
  const page = await open();
  daemon.metrics.lookup("senders", "socketmap").results.temp += 100;
  await tick(page);
  await expect.poll(() => pixelsOf(page, "#lookups-chart", "--temp")).toBeGreaterThan(5);
});

test("shows sources, cache and listeners, and where the hosts are only with the token", async () => {
  daemon.isSourceUp = false;
  daemon.isReady = false;
  daemon.errors = [
    {
      time: "2026-11-24T07:59:12.000Z",
      level: "warn",
      message: "source is down",
      code: "ERR_SOURCE_UNAVAILABLE",
      source: "mail",
      suppressed: 1240,
    },
  ];
  const page = await open();
  expect(await page.locator("#state").textContent()).toBe("not ready");
  expect(await page.locator("#sources").textContent()).toMatch(/^maildown0 up, 2 down/);
  expect(await page.locator("#caches").textContent()).toMatch(/^senders1,20487120$/);
  expect(await page.locator("#listeners").textContent()).toMatch(/socketmap inet:127\.0\.0\.1:9000bound/);
  expect(await page.locator("body").textContent()).not.toMatch(/10\.0\.0\.5|source is down/);
  expect(await page.locator("#errors-note").textContent()).toBe("Unlock with the admin token to see them.");

  await unlock(page);

  expect(await page.locator("#sources").textContent()).toContain("✗ inet:10.0.0.5:3306 connect ECONNREFUSED");
  expect(await page.locator("#errors").textContent()).toMatch(
    /^07:59:12source is downERR_SOURCE_UNAVAILABLE · mail · and 1,240 more/,
  );
  expect(watched.complaints).toEqual([]);
});

test("explains a lookup: verdicts, keys tried, and which of them is in the answer", async () => {
  const page = await open();
  await unlock(page);
  await page.getByLabel("Sender address").fill("Alice+lists@example.com");
  await page.getByLabel("SASL login").fill("bob@example.com");
  await page.keyboard.press("Enter");

  const explanation = page.locator("#explanation");
  await explanation.getByText("Owners: alice@example.com, postmaster@example.com").waitFor();
  const verdicts = await explanation.locator(".verdicts li").allTextContents();
  expect(verdicts).toHaveLength(4);
  expect(verdicts[2]).toMatch(/^553 reject_sender_login_mismatch5\.7\.1 <Alice\+lists@example\.com>: .* not owned by/);
  const rows = await explanation.locator("tbody tr").all();
  expect(await Promise.all(rows.map((row) => row.locator("td").allTextContents()))).toEqual([
    ["address", "alice+lists@example.com", "–"],
    ["✓ address", "alice@example.com", "alice@example.com"],
    ["domain", "@example.com", "catchall@example.com"],
    ["✓ grant", "alice+lists@example.com", "postmaster@example.com"],
  ]);
  expect(daemon.explained).toEqual([{ address: "Alice+lists@example.com", login: "bob@example.com", map: "senders" }]);
  expect(watched.complaints).toEqual([]);
});

test("shows what a database holds as text, whatever it looks like", async () => {
  daemon.explanation = () => ({
    outcome: "ok",
    key: "<b>key</b>",
    owners: ["<img src=x onerror=alert(1)>"],
    asks: [{ role: "address", key: "<script>alert(1)</script>", owners: ["<i>owner</i>"], won: true }],
  });
  const page = await open();
  await unlock(page);
  await page.getByLabel("Sender address").fill("alice@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("Owner: <img src=x onerror=alert(1)>").waitFor();
  expect(await page.locator("#explanation").locator("img, script, i, b").count()).toBe(0);
  expect(watched.complaints).toEqual([]);
});

test("says that a lookup fails, and that nobody owns an address, as two things", async () => {
  const page = await open();
  await unlock(page);
  const ask = async (explanation: object, text: string) => {
    daemon.explanation = () => explanation;
    await page.getByLabel("Sender address").fill("alice@example.com");
    await page.keyboard.press("Enter");
    await page.locator("#explanation").getByText(text, { exact: true }).waitFor();
  };
  await ask({ outcome: "temp", reason: "source unavailable" }, "No answer: source unavailable");
  await ask({ outcome: "notfound" }, "Nobody owns this address.");
  await ask({ outcome: "notfound", reason: "malformed" }, "Nobody owns this address (malformed).");
});

describe("a flush", () => {
  test("needs the token: without it nothing is sent, and the field to type it has the focus", async () => {
    const page = await open();
    await page.getByLabel("Which").fill("alice@example.com");
    await page.getByRole("button", { name: "Flush" }).click();
    await page.getByText("Type the admin token at the top of the page first.").waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("token");
    expect(daemon.flushes).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test("says how many answers went", async () => {
    const page = await open();
    await unlock(page);
    await page.getByLabel("Which").fill("alice@example.com");
    await page.keyboard.press("Enter");
    await page.getByText("3 answers forgotten.").waitFor();
    expect(daemon.flushes).toEqual([{ selector: { kind: "address", address: "alice@example.com" }, map: undefined }]);
  });

  test("of everything asks for no value, and may be of one map", async () => {
    const page = await open();
    await unlock(page);
    await page.getByLabel("What", { exact: true }).selectOption("all");
    expect(await page.getByLabel("Which").isVisible()).toBe(false);
    await page.locator("#flush-map").selectOption("senders");
    await page.getByRole("button", { name: "Flush" }).click();
    await page.getByText("3 answers forgotten.").waitFor();
    expect(daemon.flushes).toEqual([{ selector: { kind: "all" }, map: "senders" }]);
  });
});

describe("the token", () => {
  test("when wrong is refused with the reason and forgotten", async () => {
    const page = await open();
    await page.getByLabel("Admin token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("this is not the admin token").waitFor();
    expect(await page.getByRole("button", { name: "Unlock" }).isVisible()).toBe(true);
    await tick(page);
    expect(await page.locator("#state").textContent()).toBe("ready");
  });

  test("stays in memory alone, and locking forgets it", async () => {
    const page = await open();
    await unlock(page);
    const kept = await page.evaluate(() => [
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
      location.href,
      document.documentElement.outerHTML,
      ...Array.from(document.querySelectorAll("input"), ({ value }) => value),
    ]);
    expect(kept.join("\n")).not.toContain(adminToken);
    await page.getByRole("button", { name: "Lock", exact: true }).click();
    await page.getByRole("button", { name: "Unlock" }).waitFor();
    expect(await page.locator("#errors-note").textContent()).toBe("Unlock with the admin token to see them.");
  });

  test("that does not exist is not asked for: the page says that none is configured", async () => {
    daemon.configuredToken = undefined;
    const page = await open();
    expect(await page.locator("#errors-note").textContent()).toBe("No admin token is configured.");
    expect(await page.locator("#token-form").isVisible()).toBe(false);
  });
});

test("says that the daemon does not answer, and goes on when it does again", async () => {
  const page = await open();
  await page.route(/\/v1\/status$/, (route) => route.abort());
  daemon.timeMs += 2_000;
  await page.clock.runFor(2_000);
  await expect.poll(() => page.locator("#state").textContent()).toBe("no answer");
  await page.unroute(/\/v1\/status$/);
  await tick(page);
  await expect.poll(() => page.locator("#state").textContent()).toBe("ready");
});

test("can be worked by keyboard alone", async () => {
  const page = await open();
  const reached: string[] = [];
  for (let i = 0; i < 10; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement?.id || (document.activeElement?.textContent ?? "")));
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
    expect(outline, reached.at(-1)).toBe("solid");
  }
  expect(reached).toEqual([
    "token",
    "token-button",
    "explain-address",
    "explain-login",
    "explain-map",
    "Explain",
    "flush-kind",
    "flush-value",
    "flush-map",
    "Flush",
  ]);
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test("text stands out from its ground by 4.5 to 1, and charts are drawn in the colours of the scheme", async () => {
    const page = await open({ colorScheme });
    load();
    await tick(page);
    await unlock(page);
    await page.getByLabel("Sender address").fill("alice@example.com");
    await page.keyboard.press("Enter");
    await page.locator(".verdicts").waitFor();
    expect(await faintTexts(page)).toEqual([]);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(colorScheme === "dark" ? "rgb(15, 18, 22)" : "rgb(244, 245, 247)");
    expect(await pixelsOf(page, "#connections-chart", "--ok")).toBeGreaterThan(0);
  });
});

test("follows a change of the colour scheme while it is open, charts included", async () => {
  const page = await open({ colorScheme: "light" });
  for (let i = 0; i < 15; i++) {
    load();
    await tick(page);
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => pixelsOf(page, "#lookups-chart", "--ok")).toBeGreaterThan(20);
  expect(await page.locator("#lookups-chart canvas").count()).toBe(1);
  expect(watched.complaints).toEqual([]);
});

test("fits a screen of 360 pixels", async () => {
  const page = await open({ width: 360 });
  load();
  await tick(page);
  await unlock(page);
  await page.getByLabel("Sender address").fill("alice@example.com");
  await page.keyboard.press("Enter");
  await page.locator(".verdicts").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await page.locator("#lookups-chart canvas").evaluate((canvas) => canvas.clientWidth)).toBeLessThanOrEqual(344);
});

/** Texts whose contrast with their ground is below 4.5 to 1 (WCAG 2.2, success criterion 1.4.3). */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string) => {
      const [red = 0, green = 0, blue = 0] = parse(color).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const groundOf = (element: Element | null): string => {
      if (element === null) return "rgb(255, 255, 255)";
      const { backgroundColor } = getComputedStyle(element);
      return (parse(backgroundColor)[3] ?? 1) === 0 ? groundOf(element.parentElement) : backgroundColor;
    };
    const faint: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      const text = Array.from(element.childNodes, (node) => (node.nodeType === Node.TEXT_NODE ? node.textContent : ""))
        .join("")
        .trim();
      if (text === "" || !element.checkVisibility()) continue;
      const [lighter = 0, darker = 0] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))].sort(
        (a, b) => b - a,
      );
      const contrast = (lighter + 0.05) / (darker + 0.05);
      if (contrast < 4.5) faint.push(`${text}: ${contrast.toFixed(2)}`);
    }
    return faint;
  });
}
