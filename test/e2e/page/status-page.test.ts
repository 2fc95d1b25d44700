import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { explain } from "../../../src/lookup/explain.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { protocolsOf } from "../../../src/protocol/map-protocols.ts";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { listenSidecar } from "../../../src/sidecar/listen.ts";
import { History } from "../../../src/telemetry/history.ts";
import type { RecentError } from "../../../src/telemetry/recent-errors.ts";
import { adminToken, FakeDaemon } from "../../support/fakes/fake-daemon.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";
import { launchBrowser, openPage, type WatchedPage } from "../../support/servers/browser.ts";
import { projectRoot } from "../../support/servers/daemon.ts";

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

interface ExplainOptions {
  readonly login?: string;
  /** What the source throws. */
  readonly error?: SourceError;
  readonly listeners?: Parameters<typeof protocolsOf>[1];
}

function loginOf(_: unknown, index: number): string {
  return `user${index}@example.com`;
}

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
  Object.assign(daemon.metrics.listener("inet:127.0.0.1:9000"), { connections: 21, connectionsTotal: 90 });
}

async function unlock(page: Page): Promise<void> {
  await page.getByLabel("Admin token").fill(adminToken);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
}

/** A failure as the daemon tells it. */
function recentError(changes: Partial<RecentError> = {}): RecentError {
  return {
    time: "2026-11-24T07:59:12.000Z",
    firstTime: "2026-11-24T07:59:12.000Z",
    count: 1,
    level: "warn",
    message: "lookup failed",
    code: "ERR_SOURCE_UNAVAILABLE",
    reason: "source unavailable",
    listener: "inet:127.0.0.1:9000",
    map: "senders",
    ...changes,
  };
}

/** How many pixels of a chart's canvas have nearly the colour of a custom property of the page. */
async function pixelsOf(page: Page, chart: string, property: string): Promise<number> {
  return (await rowsOf(page, chart, property)).length;
}

/** How far down the topmost pixel of that colour is, in CSS pixels from the top of the chart. */
async function topOf(page: Page, chart: string, property: string): Promise<number> {
  return Math.min(...(await rowsOf(page, chart, property)));
}

/** The row of every pixel of that colour. */
function rowsOf(page: Page, chart: string, property: string): Promise<number[]> {
  return page.evaluate(
    ([selector, name]) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`${selector} canvas`);
      if (canvas === null) return [];
      // Read from a copy: the browser warns when a canvas that is drawn to is read again and again.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy?.drawImage(canvas, 0, 0);
      const pixels = copy?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const wanted = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
      const rows: number[] = [];
      for (let i = 0; i < pixels.length; i += 4) {
        if (wanted.every((part, j) => Math.abs(part - (pixels[i + j] ?? 0)) < 12) && (pixels[i + 3] ?? 0) > 200)
          rows.push(Math.floor(i / 4 / canvas.width) / devicePixelRatio);
      }
      return rows;
    },
    [chart, property] as const,
  );
}

test("is in the build whole, charting library and its licence included: production has no node_modules/uplot", () => {
  const built = readdirSync(join(projectRoot, "dist/page"));
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
  expect(await pixelsOf(page, "#latency-chart", "--tail")).toBeGreaterThan(20);
  expect(await page.locator("#lookups-chart .u-legend").textContent()).toContain("notfound100");
  // No trouble is nothing to draw, and it is known to be none.
  expect(await page.locator("#failures-figure").textContent()).toBe("0 /s");
  for (const color of ["--temp", "--timeout", "--perm"]) expect(await pixelsOf(page, "#failures-chart", color)).toBe(0);
  expect(await page.locator("#failures-chart .u-legend").textContent()).toContain("temp0timeout0perm0");
  expect([...watched.origins]).toEqual([origin]);
  expect(watched.complaints).toEqual([]);
});

test("at the first look its charts are full of the last five minutes, and it says how the source is followed", async () => {
  const history = new History(
    () => daemon.metrics.snapshot(),
    () => daemon.now(),
  );
  for (let moment = 0; moment < 60; moment++) {
    load();
    daemon.metrics.following("mail").changes.changed++;
    history.take();
    daemon.timeMs += 5000;
  }
  daemon.moments = history.list();
  daemon.following = {
    signal: { signal: "binlog", advice: "" },
    listed: 20_190,
    ageMs: 12_400,
    durationMs: 61,
    intervalMs: 3000,
    reason: "",
  };
  const page = await open();
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
  expect(watched.complaints).toEqual([]);
});

test("marks failing lookups in a chart of their own, where a few beside hundreds of answers are seen", async () => {
  const page = await open();
  for (let i = 0; i < 3; i++) {
    load();
    const { results } = daemon.metrics.lookup("senders", "socketmap");
    results.temp += 8;
    results.perm += 2;
    await tick(page);
  }
  await expect.poll(() => page.locator("#failures-figure").textContent()).toBe("5 /s");
  expect(await pixelsOf(page, "#failures-chart", "--temp")).toBeGreaterThan(5);
  // On its own scale the line of four per second is far above that of one.
  const heights = await Promise.all(["--temp", "--perm"].map((color) => topOf(page, "#failures-chart", color)));
  expect((heights[1] ?? 0) - (heights[0] ?? 0)).toBeGreaterThan(15);
});

test("labels the scale of the time to answer below the median and above the tail", async () => {
  const page = await open();
  for (let i = 0; i < 15; i++) {
    load();
    await tick(page);
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
    const page = await open({ colorScheme });
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
    await watched.close();
  }
});

test("shows sources, cache and listeners, and where the hosts are only with the token", async () => {
  daemon.isSourceUp = false;
  daemon.isReady = false;
  daemon.errors = [recentError({ count: 1240, firstTime: "2026-11-24T07:41:03.000Z" })];
  const page = await open();
  expect(await page.locator("#state").textContent()).toBe("not ready");
  expect(await page.locator("#causes").textContent()).toBe("source mail is down");
  expect(await page.locator("#sources").textContent()).toBe(
    "maildown0000 hosts up, 2 downnot followed: answers live for cache.ttl",
  );
  expect(await page.locator("#caches").textContent()).toBe("senders1,20487120");
  expect(await page.locator("#listeners").textContent()).toMatch(/^inet:127\.0\.0\.1:9000bound000/);
  expect(await page.locator("body").textContent()).not.toMatch(/10\.0\.0\.5|lookup failed/);
  expect(await page.locator("#errors-note").textContent()).toBe("Unlock with the admin token to see them.");

  await unlock(page);

  const hosts = await page.locator("#sources .hosts li").allTextContents();
  expect(hosts).toEqual(["✗ inet:10.0.0.5:3306 connection refused", "✗ inet:10.0.0.6:3306 connection refused"]);
  expect(await page.locator("#errors li > *").allTextContents()).toEqual([
    "24 Nov 07:59:12",
    "lookup failed: source unavailable",
    "map senders · listener inet:127.0.0.1:9000 · ERR_SOURCE_UNAVAILABLE",
    "1,240 times since 24 Nov 07:41:03",
  ]);
  expect(watched.complaints).toEqual([]);
});

test("tells of a source that is down how many lookups get no answer, and of a map how many are stale", async () => {
  daemon.isSourceUp = false;
  const page = await open();
  daemon.metrics.lookup("senders", "socketmap").results.temp += 20;
  daemon.metrics.cache("senders").requests.stale += 6;
  await tick(page);
  const cells = (body: string) => page.locator(`${body} tr`).first().locator("td").allTextContents();
  await expect.poll(() => cells("#sources")).toEqual(["maildown", "0", "0", "2010 /s"]);
  expect(await cells("#caches")).toEqual(["senders", "1,204", "87", "12", "3"]);
});

describe("recent errors", () => {
  test("beyond the first eight wait behind a click, which the next poll does not undo", async () => {
    daemon.errors = Array.from({ length: 11 }, (_, i) => recentError({ message: `message ${i}` }));
    const page = await open();
    await unlock(page);
    expect(await page.locator("#errors li").count()).toBe(8);
    expect(await page.getByText("message 10").isVisible()).toBe(false);
    await page.getByText("3 older").click();
    await tick(page);
    expect(await page.getByText("message 10").isVisible()).toBe(true);
  });

  test("are drawn whole: no row is cut off, and none needs to be scrolled to", async () => {
    daemon.errors = Array.from({ length: 8 }, (_, i) => recentError({ message: `message ${i}` }));
    const page = await open();
    await unlock(page);
    const { clientHeight, scrollHeight } = await page.locator("#errors").evaluate((list) => list);
    expect(scrollHeight).toBe(clientHeight);
  });
});

describe("messages that the milter judged", () => {
  const listener = "unix:/var/spool/postfix/loginmapd/milter";

  function judge(): void {
    const tally = daemon.metrics.messages(listener);
    Object.assign(tally.accept, { owned: 1200, no_from: 3, unauthenticated: 1 });
    Object.assign(tally.reject, { not_owned: 17, unreadable: 2 });
    Object.assign(tally.temp, { lookup_failed: 4 });
    const common = { listener, login: "bob@example.com", queueId: "4jc6tx4XHPzK2GX" } as const;
    daemon.metrics.refusals.add({ ...common, result: "temp", reason: "lookup_failed", place: "From", address: "a@b" });
    daemon.metrics.refusals.add({
      ...common,
      result: "would_reject",
      reason: "several",
      place: "From",
      address: undefined,
    });
    daemon.metrics.refusals.add({
      ...common,
      result: "reject",
      reason: "not_owned",
      place: "Resent-From",
      address: `<b>${"boss".repeat(45)}</b>@example.com`,
    });
  }

  test("have a card by result, and the last refusals with the token", async () => {
    const page = await open();
    const card = page.locator("#messages-card");
    expect(await card.isVisible()).toBe(false);
    judge();
    await tick(page);
    await expect.poll(() => card.isVisible()).toBe(true);
    const cells = () => page.locator("#messages td").allTextContents();
    await expect.poll(cells).toEqual([listener, "1,204", "0", "19", "4"]);
    expect(await page.locator("#refusals-note").textContent()).toBe(
      "Unlock with the admin token to see the last refusals.",
    );
    expect(await page.locator("body").textContent()).not.toContain("bob@example.com");

    await unlock(page);

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
    expect(watched.complaints).toEqual([]);
  });

  test.each([1280, 360])("are drawn whole on a page %i pixels wide: no text leaves its card", async (width) => {
    const page = await open({ width });
    judge();
    await unlock(page);
    await expect.poll(() => page.locator("#refusals li").count()).toBe(3);
    const overflow = await page.locator("#refusals").evaluate((list) => list.scrollWidth - list.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});

test("lists what a login may send as, and why, with the token alone", async () => {
  const page = await open();
  await page.getByLabel("Owner").fill("alice@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("Type the admin token at the top of the page first.").waitFor();
  expect(daemon.lists).toEqual([]);
  await unlock(page);
  await page.getByRole("button", { name: "List", exact: true }).click();
  await page.getByText("2 keys.").waitFor();
  const rows = await page.locator("#sendables tbody tr").all();
  expect(await Promise.all(rows.map((row) => row.locator("td").allTextContents()))).toEqual([
    ["alice@example.com", "address"],
    ["@example.com", "catch-all"],
  ]);
  expect(daemon.lists).toEqual([{ login: "alice@example.com", map: "senders" }]);
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
    ["grant", "alice@example.com", "–"],
  ]);
  await explanation.getByText("Keys for source mail, in order").waitFor();
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

describe("says of a lookup, from documents as a daemon makes them,", () => {
  const rows = {
    "alice@example.com": "alice@example.com",
    "sales@example.com": Array.from({ length: 300 }, loginOf).join(),
  };

  async function explainOn(page: Page, address: string, options: ExplainOptions = {}): Promise<Locator> {
    const { login = "bob@example.com", error, listeners = [{ protocol: "socketmap", map: undefined }] } = options;
    const database = fakeDatabase(rows, { domains: ["example.com"] });
    database.error = error;
    const resolver = new Resolver(database, { recipientDelimiter: "+", localDomains: new Set() });
    const carriers = protocolsOf("senders", listeners);
    daemon.explanation = () =>
      explain(resolver, { map: "senders", sources: ["mail"], combine: "first", address, login, carriers }, 0);
    await page.getByLabel("Sender address").fill(address);
    await page.keyboard.press("Enter");
    await page.locator("#explanation .outcome").waitFor();
    return page.locator("#explanation");
  }

  test.each([
    ["that nobody owns the address", "nobody@example.com", "Nobody owns this address."],
    ["that it is no address", "nobody", "Nobody owns this address (malformed)."],
    ["that the source does not list its domain", "a@elsewhere.example", "Nobody owns this address (foreign)."],
  ])("%s", async (_, address, outcome) => {
    const page = await open();
    await unlock(page);
    const explanation = await explainOn(page, address);
    expect(await explanation.locator(".outcome").textContent()).toBe(outcome);
  });

  test("that it fails and why, and that no key was answered: not that they have no owners", async () => {
    const page = await open();
    await unlock(page);
    const error = new SourceError("ERR_SOURCE_UNAVAILABLE", "no database host: inet:10.0.0.5:3306: connection refused");
    const explanation = await explainOn(page, "alice@example.com", { error });
    expect(await explanation.locator(".outcome").textContent()).toBe("No answer: source unavailable");
    expect(await explanation.locator("p.bad").allTextContents()).toEqual([error.message]);
    expect(await explanation.locator("tbody td:last-child").allTextContents()).toEqual(Array(3).fill("no answer"));
    expect(await explanation.locator(".verdicts .badge").allTextContents()).toEqual(["451", "250", "451", "451"]);
  });

  test("over which protocol its list is too long, and what smtpd then answers", async () => {
    const page = await open();
    await unlock(page);
    const listeners = [
      { protocol: "socketmap", map: undefined },
      { protocol: "tcp_table", map: "senders" },
    ] as const;
    const explanation = await explainOn(page, "sales@example.com", { listeners, login: loginOf(undefined, 299) });
    expect(await explanation.locator(".outcome").textContent()).toMatch(/user19@example\.com … and 280 more$/);
    expect(await explanation.locator("p.bad").allTextContents()).toEqual([
      "No answer over tcp_table: owner list too long (5,889 bytes, the limit is 4,091)",
    ]);
    expect(await explanation.locator("h3").allTextContents()).toEqual([
      "What smtpd answers user299@example.com, asking over socketmap",
      "What smtpd answers user299@example.com, asking over tcp_table",
      "Keys for source mail, in order; ✓ is in the answer",
    ]);
    const codes = await explanation.locator(".verdicts .badge").allTextContents();
    expect(codes).toEqual(["250", "250", "250", "250", "451", "250", "451", "451"]);
  });
});

describe("a flush", () => {
  test("needs the token: without it nothing is sent, and the field to type it has the focus", async () => {
    const page = await open();
    await page.getByLabel("Which").fill("alice@example.com");
    await page.getByRole("button", { name: "Flush", exact: true }).click();
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

  test("of everything asks for no value but whether it is meant, and may be of one map", async () => {
    const page = await open();
    await unlock(page);
    await page.getByLabel("What", { exact: true }).selectOption("all");
    expect(await page.getByLabel("Which").isVisible()).toBe(false);
    await page.locator("#flush-map").selectOption("senders");
    await page.getByRole("button", { name: "Flush", exact: true }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).toContain("Forget all 1,291 answers of map senders?");
    expect(daemon.flushes).toEqual([]);
    await dialog.getByRole("button", { name: "Flush everything" }).click();
    await page.getByText("3 answers forgotten.").waitFor();
    expect(daemon.flushes).toEqual([{ selector: { kind: "all" }, map: "senders" }]);
    expect(watched.complaints).toEqual([]);
  });

  test.each([
    ["Cancel", (page: Page) => page.getByRole("button", { name: "Cancel" }).click()],
    ["Escape", (page: Page) => page.keyboard.press("Escape")],
    ["Enter, at once", (page: Page) => page.keyboard.press("Enter")],
  ])("of everything is not done after %s", async (_, leave) => {
    const page = await open();
    await unlock(page);
    await page.getByLabel("What", { exact: true }).selectOption("all");
    await page.getByRole("button", { name: "Flush", exact: true }).click();
    await page.getByRole("dialog").waitFor();
    await leave(page);
    await page.getByText("Nothing was flushed.").waitFor();
    expect(daemon.flushes).toEqual([]);
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
    await explainAlice(page);
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

test("fits a screen of 360 pixels: nothing is cut off, and names break between their words", async () => {
  const page = await open({ width: 360 });
  load();
  await tick(page);
  await unlock(page);
  await explainAlice(page);
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
  daemon.isSourceUp = false;
  const page = await open();
  await unlock(page);
  await explainAlice(page);
  expect(await lineEnds(page, ".asks td:first-child, .asks code, #sources .named, #listeners .named")).toEqual([]);
  const cut = await page.locator(".scroll").evaluateAll((all) => {
    return all.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map((one) => one.textContent);
  });
  expect(cut).toEqual([]);
});

async function explainAlice(page: Page): Promise<void> {
  await page.getByLabel("Sender address").fill("alice@example.com");
  await page.keyboard.press("Enter");
  await page.locator(".verdicts").waitFor();
}

/** Of every element that is broken into lines, all lines but the last. */
function lineEnds(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((elements) =>
    elements.flatMap((element) => {
      const lines: { text: string; readonly bottom: number }[] = [];
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        for (const [i, character] of [...(node.textContent ?? "")].entries()) {
          const range = document.createRange();
          range.setStart(node, i);
          range.setEnd(node, i + 1);
          const { top, bottom } = range.getBoundingClientRect();
          const line = lines.at(-1);
          if (line === undefined || top >= line.bottom) lines.push({ text: character, bottom });
          else line.text += character;
        }
      }
      return lines.slice(0, -1).map(({ text }) => text);
    }),
  );
}

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
