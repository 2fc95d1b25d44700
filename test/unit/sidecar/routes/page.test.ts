import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { beforeEach, expect, test } from "vitest";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

let app: FastifyInstance;

beforeEach(() => {
  app = buildSidecar(new FakeDaemon());
});

const folder = join(import.meta.dirname, "../../../../src/sidecar/page");
const own = readdirSync(folder).filter((name) => name !== "index.html");

test.each([...own, "uPlot.iife.min.js", "uPlot.min.css"])("/page/%s is served with its media type", async (name) => {
  const response = await app.inject(`/page/${name}`);
  expect(response.statusCode).toBe(200);
  const mediaType = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" }[name.split(".").at(-1) ?? ""];
  expect(response.headers["content-type"]?.toString().split(";")[0]).toBe(mediaType);
  expect(response.body.length).toBeGreaterThan(100);
});

test("the page may load and call nothing but its own origin, and runs nothing inline", async () => {
  const response = await app.inject("/");
  expect(response.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(response.headers["content-security-policy"]).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(response.body).not.toMatch(/<script(?![^>]*src=)|<style| style=| on\w+=|https?:/);
});

test("everything that the page and its scripts name is served", async () => {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const linked = [...html.matchAll(/(?:src|href)="(page\/[^"]+)"/g)].map(([, path]) => `/${path}`);
  const imported = own
    .filter((name) => name.endsWith(".js"))
    .flatMap((name) => [...readFileSync(join(folder, name), "utf8").matchAll(/^import .* from "\.\/(.+)";$/gm)])
    .map(([, name]) => `/page/${name}`);
  expect(linked.length).toBeGreaterThan(5);
  expect(imported.length).toBeGreaterThan(5);
  for (const url of new Set([...linked, ...imported])) {
    expect((await app.inject(url)).statusCode, url).toBe(200);
  }
});

test("a browser that has the page is told that it is the same, until it is not", async () => {
  const { headers } = await app.inject("/page/page.js");
  const etag = String(headers["etag"]);
  expect(headers["cache-control"]).toBe("no-cache");
  const again = await app.inject({ url: "/page/page.js", headers: { "if-none-match": etag } });
  expect(again.statusCode).toBe(304);
  expect(again.body).toBe("");
  const other = await app.inject({ url: "/page/page.css", headers: { "if-none-match": etag } });
  expect(other.statusCode).toBe(200);
});
