/** A real browser for tests of the status page: Debian's chromium, driven by playwright-core. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Starts the browser without a window. It calls nothing by itself: no updates, no sync, no field trials. */
export function launchBrowser(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is missing: install the package chromium (test/all.sh does)`);
  }
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page together with everything that a well-made one never does. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, violations of the content security policy, failed requests. */
  readonly complaints: readonly string[];
  /** Every origin that was asked for anything. */
  readonly origins: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Opens an empty page in a profile of its own. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("request", (request) => origins.add(new URL(request.url()).origin));
  await page.exposeFunction("complainOfPolicy", (violation: string) => complaints.push(`policy: ${violation}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      const { complainOfPolicy } = globalThis as unknown as { complainOfPolicy(violation: string): void };
      complainOfPolicy(`${violatedDirective} ${blockedURI}`);
    });
  });
  return { page, complaints, origins, close: () => context.close() };
}
