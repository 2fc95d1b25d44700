/** What an administrator does on the status page: lists, explains and flushes, with the token alone and by keyboard alone. */
import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { explain } from "../../../src/lookup/explain.ts";
import { Resolver } from "../../../src/lookup/resolver.ts";
import { SourceError } from "../../../src/model/errors.ts";
import { protocolsOf } from "../../../src/protocol/map-protocols.ts";
import { adminToken } from "../../support/fakes/fake-daemon.ts";
import { fakeDatabase } from "../../support/fakes/fakes.ts";
import { useStatusPage } from "../../support/page/stage.ts";

const stage = useStatusPage();

interface ExplainOptions {
  readonly login?: string;
  /** What the source throws. */
  readonly error?: SourceError;
  readonly listeners?: Parameters<typeof protocolsOf>[1];
}

function loginOf(_: unknown, index: number): string {
  return `user${index}@example.com`;
}

test("lists what a login may send as, why, and by which of several sources, with the token alone", async () => {
  const page = await stage.open();
  await page.getByLabel("Owner").fill("alice@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("Type the admin token at the top of the page first.").waitFor();
  expect(stage.daemon.lists).toEqual([]);
  await stage.unlock();
  await page.getByRole("button", { name: "List", exact: true }).click();
  await page.getByText("2 keys.").waitFor();
  const rows = await page.locator("#sendables tbody tr").all();
  expect(await Promise.all(rows.map((row) => row.locator("td").allTextContents()))).toEqual([
    ["alice@example.com", "address"],
    ["@example.com", "catch-all"],
  ]);
  expect(stage.daemon.lists).toEqual([{ login: "alice@example.com", map: "senders" }]);
  const { listing } = stage.daemon;
  stage.daemon.listing = () => ({
    map: "senders",
    isComplete: true,
    addresses: [{ key: "sales@example.com", login: "alice@example.com", kind: "alias", source: "grants" }],
  });
  await page.getByRole("button", { name: "List", exact: true }).click();
  await page.getByText("1 key.").waitFor();
  expect(await page.locator("#sendables th").allTextContents()).toEqual(["May send as", "Because of", "Source"]);
  expect(await page.locator("#sendables td").allTextContents()).toEqual(["sales@example.com", "alias", "grants"]);
  stage.daemon.listing = listing;
  expect(stage.watched.complaints).toEqual([]);
});

test("explains a lookup: verdicts, keys tried, and which of them is in the answer", async () => {
  const page = await stage.open();
  await stage.unlock();
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
  expect(stage.daemon.explained).toEqual([
    { address: "Alice+lists@example.com", login: "bob@example.com", map: "senders" },
  ]);
  expect(stage.watched.complaints).toEqual([]);
});

test("shows what a database holds as text, whatever it looks like", async () => {
  stage.daemon.explanation = () => ({
    outcome: "ok",
    key: "<b>key</b>",
    owners: ["<img src=x onerror=alert(1)>"],
    asks: [{ role: "address", key: "<script>alert(1)</script>", owners: ["<i>owner</i>"], won: true }],
  });
  const page = await stage.open();
  await stage.unlock();
  await page.getByLabel("Sender address").fill("alice@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("Owner: <img src=x onerror=alert(1)>").waitFor();
  expect(await page.locator("#explanation").locator("img, script, i, b").count()).toBe(0);
  expect(stage.watched.complaints).toEqual([]);
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
    stage.daemon.explanation = () =>
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
    const page = await stage.open();
    await stage.unlock();
    const explanation = await explainOn(page, address);
    expect(await explanation.locator(".outcome").textContent()).toBe(outcome);
  });

  test("that it fails and why, and that no key was answered: not that they have no owners", async () => {
    const page = await stage.open();
    await stage.unlock();
    const error = new SourceError("ERR_SOURCE_UNAVAILABLE", "no database host: inet:10.0.0.5:3306: connection refused");
    const explanation = await explainOn(page, "alice@example.com", { error });
    expect(await explanation.locator(".outcome").textContent()).toBe("No answer: source unavailable");
    expect(await explanation.locator("p.bad").allTextContents()).toEqual([error.message]);
    expect(await explanation.locator("tbody td:last-child").allTextContents()).toEqual(Array(3).fill("no answer"));
    expect(await explanation.locator(".verdicts .badge").allTextContents()).toEqual(["451", "250", "451", "451"]);
  });

  test("over which protocol its list is too long, and what smtpd then answers", async () => {
    const page = await stage.open();
    await stage.unlock();
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
    const page = await stage.open();
    await page.getByLabel("Which").fill("alice@example.com");
    await page.getByRole("button", { name: "Flush", exact: true }).click();
    await page.getByText("Type the admin token at the top of the page first.").waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("token");
    expect(stage.daemon.flushes).toEqual([]);
    expect(stage.watched.complaints).toEqual([]);
  });

  test("says how many answers went", async () => {
    const page = await stage.open();
    await stage.unlock();
    await page.getByLabel("Which").fill("alice@example.com");
    await page.keyboard.press("Enter");
    await page.getByText("3 answers forgotten.").waitFor();
    expect(stage.daemon.flushes).toEqual([
      { selector: { kind: "address", address: "alice@example.com" }, map: undefined },
    ]);
  });

  test("of everything asks for no value but whether it is meant, and may be of one map", async () => {
    const page = await stage.open();
    await stage.unlock();
    await page.getByLabel("What", { exact: true }).selectOption("all");
    expect(await page.getByLabel("Which").isVisible()).toBe(false);
    await page.locator("#flush-map").selectOption("senders");
    await page.getByRole("button", { name: "Flush", exact: true }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).toContain("Forget all 1,291 answers of map senders?");
    expect(stage.daemon.flushes).toEqual([]);
    await dialog.getByRole("button", { name: "Flush everything" }).click();
    await page.getByText("3 answers forgotten.").waitFor();
    expect(stage.daemon.flushes).toEqual([{ selector: { kind: "all" }, map: "senders" }]);
    expect(stage.watched.complaints).toEqual([]);
  });

  test.each([
    ["Cancel", (page: Page) => page.getByRole("button", { name: "Cancel" }).click()],
    ["Escape", (page: Page) => page.keyboard.press("Escape")],
    ["Enter, at once", (page: Page) => page.keyboard.press("Enter")],
  ])("of everything is not done after %s", async (_, leave) => {
    const page = await stage.open();
    await stage.unlock();
    await page.getByLabel("What", { exact: true }).selectOption("all");
    await page.getByRole("button", { name: "Flush", exact: true }).click();
    await page.getByRole("dialog").waitFor();
    await leave(page);
    await page.getByText("Nothing was flushed.").waitFor();
    expect(stage.daemon.flushes).toEqual([]);
  });
});

describe("the token", () => {
  test("when wrong is refused with the reason and forgotten", async () => {
    const page = await stage.open();
    await page.getByLabel("Admin token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("this is not the admin token").waitFor();
    expect(await page.getByRole("button", { name: "Unlock" }).isVisible()).toBe(true);
    await stage.tick();
    expect(await page.locator("#state").textContent()).toBe("ready");
  });

  test("stays in memory alone, and locking forgets it", async () => {
    const page = await stage.open();
    await stage.unlock();
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
    stage.daemon.configuredToken = undefined;
    const page = await stage.open();
    expect(await page.locator("#errors-note").textContent()).toBe("No admin token is configured.");
    expect(await page.locator("#token-form").isVisible()).toBe(false);
  });
});

test("can be worked by keyboard alone", async () => {
  const page = await stage.open();
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
