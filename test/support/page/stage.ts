/** The status page of a daemon in memory, in a real browser, with the clock of both in the hand of the test. */
import type { FastifyInstance } from "fastify";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { listenSidecar } from "../../../src/sidecar/listen.ts";
import type { RecentError } from "../../../src/telemetry/recent-errors.ts";
import { adminToken, FakeDaemon } from "../fakes/fake-daemon.ts";
import { launchBrowser, openPage, type WatchedPage } from "../servers/browser.ts";

/** How the page is looked at: light and 1,280 pixels wide, if nothing else is said. */
export interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
}

/** For a file of tests: one browser, and a daemon and a page of its own for each test. */
export function useStatusPage(): PageStage {
  const stage = new PageStage();
  beforeAll(() => stage.launch());
  beforeEach(() => stage.begin());
  afterEach(() => stage.end());
  afterAll(() => stage.quit());
  return stage;
}

/** The daemon, which a test may change before and while the page is open, and the page. */
export class PageStage {
  daemon = new FakeDaemon();
  /** Where the page is served. */
  origin = "";
  #browser: Browser | undefined;
  #app: FastifyInstance | undefined;
  #watched: WatchedPage | undefined;

  async launch(): Promise<void> {
    this.#browser = await launchBrowser();
  }

  async begin(): Promise<void> {
    this.daemon = new FakeDaemon();
    this.#app = buildSidecar(this.daemon);
    const endpoint = await listenSidecar(this.#app, { kind: "inet", host: "127.0.0.1", port: 0 });
    if (endpoint.kind !== "inet") throw new Error("not inet");
    this.origin = `http://127.0.0.1:${endpoint.port}`;
  }

  async end(): Promise<void> {
    await this.#watched?.close();
    await this.#app?.close();
  }

  async quit(): Promise<void> {
    await this.#browser?.close();
  }

  /** The page that was opened last, with what it complained of and whom it called. */
  get watched(): WatchedPage {
    if (this.#watched === undefined) throw new Error("no page is open");
    return this.#watched;
  }

  /** Opens the page with its clock in our hand, and waits for its first answer. */
  async open({ colorScheme = "light", width = 1280 }: Look = {}): Promise<Page> {
    if (this.#browser === undefined) throw new Error("no browser runs");
    this.#watched = await openPage(this.#browser, { colorScheme, viewport: { width, height: 900 } });
    const { page } = this.#watched;
    await page.clock.install({ time: this.daemon.timeMs });
    await page.goto(`${this.origin}/`);
    await page.getByText("0.1.0 on Node").waitFor();
    return page;
  }

  /** Lets two seconds pass, for the daemon and for the page, and waits until the page has polled. */
  async tick(): Promise<void> {
    const { page } = this.watched;
    this.daemon.timeMs += 2_000;
    const polled = page.waitForResponse(/\/v1\/status$/);
    await page.clock.runFor(2_000);
    await (await polled).finished();
  }

  /** One interval of load: 300 lookups/s with owners, 100 without, nine of ten from memory. */
  load(): void {
    const { metrics } = this.daemon;
    const tally = metrics.lookup("senders", "socketmap");
    tally.results.ok += 600;
    tally.results.notfound += 200;
    tally.duration.observe(0.000_2, 790);
    tally.duration.observe(0.02, 10);
    const { requests } = metrics.cache("senders");
    requests.hit += 500;
    requests.negative_hit += 100;
    requests.foreign_domain += 120;
    requests.miss += 80;
    metrics.source("mail").queries.ok += 80;
    Object.assign(metrics.listener("inet:127.0.0.1:9000"), { connections: 21, connectionsTotal: 90 });
  }

  /** Types the admin token. */
  async unlock(): Promise<void> {
    const { page } = this.watched;
    await page.getByLabel("Admin token").fill(adminToken);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Lock", exact: true }).waitFor();
  }

  /** Has a lookup explained, with the token. */
  async explainAlice(): Promise<void> {
    const { page } = this.watched;
    await page.getByLabel("Sender address").fill("alice@example.com");
    await page.keyboard.press("Enter");
    await page.locator(".verdicts").waitFor();
  }
}

/** A failure as the daemon tells it. */
export function recentError(changes: Partial<RecentError> = {}): RecentError {
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
