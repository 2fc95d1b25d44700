import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { httpErrors } from "../../../src/sidecar/http-error.ts";
import { readTranscripts } from "../../support/docs/http-transcripts.ts";
import { FakeDaemon } from "../../support/fakes/fake-daemon.ts";

const markdown = readFileSync(join(import.meta.dirname, "../../../docs/admin-api.md"), "utf8");
const transcripts = readTranscripts(markdown);

/** The daemon that docs/admin-api.md talks to. */
function documentedDaemon(circumstance: string): FakeDaemon {
  const daemon = new FakeDaemon();
  Object.assign(daemon.metrics.lookup("senders", "socketmap").results, { ok: 9134, notfound: 5541 });
  daemon.metrics.lookup("unknown", "socketmap").results.perm = 2;
  const cache = daemon.metrics.cache("senders");
  Object.assign(cache.requests, { hit: 9120, negative_hit: 311, coalesced: 14, miss: 702, foreign_domain: 5230 });
  cache.evictions.negative = 3;
  cache.flushed = 6;
  daemon.metrics.source("mail").queries.ok = 702;
  const listener = daemon.metrics.listener("inet:127.0.0.1:9000");
  Object.assign(listener, { connections: 12, connectionsTotal: 480 });
  listener.errors.framing = 1;
  switch (circumstance) {
    case "":
      break;
    case "the source is down":
      daemon.isReady = false;
      daemon.isSourceUp = false;
      daemon.errors = [
        {
          time: "2026-11-24T07:59:12.000Z",
          firstTime: "2026-11-24T07:41:03.000Z",
          count: 1240,
          level: "warn",
          message: "lookup failed",
          code: "ERR_SOURCE_UNAVAILABLE",
          reason: "source unavailable",
          listener: "inet:127.0.0.1:9000",
          map: "senders",
        },
        {
          time: "2026-11-24T07:59:02.000Z",
          firstTime: "2026-11-24T07:41:03.000Z",
          count: 36,
          level: "warn",
          message: "hosted domains could not be read; foreign addresses cost queries",
          code: "ERR_SOURCE_UNAVAILABLE",
          source: "mail",
        },
        ...["inet:10.0.0.6:3306", "inet:10.0.0.5:3306"].map((host) => ({
          time: "2026-11-24T07:41:02.000Z",
          firstTime: "2026-11-24T07:41:02.000Z",
          count: 1,
          level: "warn" as const,
          message: "database host is down",
          reason: "connection refused",
          source: "mail",
          host,
        })),
      ];
      break;
    case "no token is configured":
      daemon.configuredToken = undefined;
      break;
    default:
      throw new Error(`the test does not know how to make it so that ${circumstance}`);
  }
  return daemon;
}

test("the document has transcripts", () => {
  expect(transcripts).toHaveLength(12);
});

test.each(transcripts)("line $line: $method $url answers $status as documented", async (transcript) => {
  const app = buildSidecar(documentedDaemon(transcript.circumstance));
  const { method, url, headers, body } = transcript;
  const response = await app.inject({ method, url, headers, ...(body === "" ? {} : { payload: body }) });
  expect(response.statusCode).toBe(transcript.status);
  expect(response.headers).toMatchObject(transcript.responseHeaders);
  expect(response.json()).toEqual(anythingForDots(transcript.responseBody));
});

function anythingForDots(documented: unknown): unknown {
  if (documented === "…") return expect.anything();
  if (Array.isArray(documented)) return documented.map(anythingForDots);
  if (typeof documented !== "object" || documented === null) return documented;
  return Object.fromEntries(Object.entries(documented).map(([key, value]) => [key, anythingForDots(value)]));
}

test("the document lists every error code with its status, and no other", () => {
  const documented = [...markdown.matchAll(/^\| `(ERR_HTTP_\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => {
    return [code, Number(status)];
  });
  expect(Object.fromEntries(documented)).toEqual({ ...httpErrors });
});

test("the document lists every route, and no other", async () => {
  const routes: string[] = [];
  const app = buildSidecar(new FakeDaemon());
  app.addHook("onRoute", ({ method, url }) => {
    if (method !== "HEAD" && !url.startsWith("/page/")) routes.push(`${method} ${url}`);
  });
  await app.ready();
  const documented = [...markdown.matchAll(/^\| `((?:GET|POST) \/\S*)` \|/gm)].map(([, route]) => route);
  expect(documented.sort()).toEqual(routes.sort());
});
