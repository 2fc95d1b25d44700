import type { FastifyInstance } from "fastify";
import { beforeEach, describe, expect, test } from "vitest";
import { buildSidecar } from "../../../src/sidecar/app.ts";
import { adminToken, FakeDaemon } from "../../support/fakes/fake-daemon.ts";

let daemon: FakeDaemon;
let app: FastifyInstance;

beforeEach(() => {
  daemon = new FakeDaemon();
  app = buildSidecar(daemon);
});

const bearer = { authorization: `Bearer ${adminToken}` };
const flush = { method: "POST", url: "/v1/cache/flush" } as const;

describe("every error is { statusCode, code, message } and nothing else", () => {
  const json = { ...bearer, "content-type": "application/json" };
  test.each([
    ["an unknown path", { url: "/nothing" }, 404, "ERR_HTTP_NOT_FOUND"],
    ["a path with a slash too many", { url: "/metrics/" }, 404, "ERR_HTTP_NOT_FOUND"],
    ["a path out of the page's files", { url: "/page/../../package.json" }, 404, "ERR_HTTP_NOT_FOUND"],
    ["an encoded path out of them", { url: "/page/..%2f..%2fpackage.json" }, 404, "ERR_HTTP_NOT_FOUND"],
    ["a URL that cannot be decoded", { url: "/%ff" }, 400, "ERR_HTTP_BAD_REQUEST"],
    ["a wrong method", { method: "DELETE", url: "/metrics" }, 405, "ERR_HTTP_METHOD"],
    ["a wrong method on a route with a token", { method: "GET", url: "/v1/cache/flush" }, 405, "ERR_HTTP_METHOD"],
    ["a body that is no JSON", { ...flush, headers: json, payload: "{" }, 400, "ERR_HTTP_BAD_REQUEST"],
    ["an empty body", { ...flush, headers: json, payload: "" }, 400, "ERR_HTTP_BAD_REQUEST"],
    ["no body", { ...flush, headers: bearer }, 400, "ERR_HTTP_BAD_REQUEST"],
    [
      "a body of text",
      { ...flush, headers: { ...bearer, "content-type": "text/plain" }, payload: "a" },
      415,
      "ERR_HTTP_MEDIA_TYPE",
    ],
    [
      "a body over 4 KiB",
      { ...flush, headers: json, payload: JSON.stringify({ login: "x".repeat(5000) }) },
      413,
      "ERR_HTTP_TOO_LARGE",
    ],
    [
      "a prototype in the body",
      { ...flush, headers: json, payload: '{"__proto__":{},"all":true}' },
      400,
      "ERR_HTTP_BAD_REQUEST",
    ],
    ["an unknown parameter", { url: "/v1/lookup?address=a&adress=b", headers: bearer }, 400, "ERR_HTTP_BAD_REQUEST"],
  ] as const)("%s", async (_, request, statusCode, code) => {
    const response = await app.inject(request);
    expect(response.statusCode).toBe(statusCode);
    expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(response.json()).toEqual({ statusCode, code, message: expect.stringMatching(/^[ -~]{5,200}$/) });
    expect(daemon.flushes).toEqual([]);
  });

  test("a bug: the log has it, the client does not", async () => {
    daemon.readiness = () => {
      throw new Error("secret of /srv/loginmapd");
    };
    const response = await app.inject("/readyz");
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({
      statusCode: 500,
      code: "ERR_HTTP_INTERNAL",
      message: "internal error; the log has it",
    });
    expect(daemon.log.lines).toEqual([
      {
        level: "error",
        message: "admin request failed unexpectedly",
        fields: { err: new Error("secret of /srv/loginmapd"), path: "/readyz" },
      },
    ]);
  });
});

test.each([
  ["/metrics", "GET, HEAD"],
  ["/v1/cache/flush", "POST"],
])("a wrong method on %s is told which ones it takes", async (url, allow) => {
  const response = await app.inject({ method: "PATCH", url });
  expect(response.headers["allow"]?.toString().split(", ").sort().join(", ")).toBe(allow);
});

test.each(["/", "/metrics", "/healthz", "/v1/cache", "/v1/status", "/nothing"])(
  "%s is neither cached, sniffed, framed nor shared with other origins",
  async (url) => {
    const { headers } = await app.inject({ url, headers: { origin: "https://evil.example" } });
    expect(headers["cache-control"]).toMatch(/^no-(store|cache)$/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  },
);

test("a preflight of another origin gets no leave", async () => {
  const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
  const response = await app.inject({ method: "OPTIONS", url: "/v1/cache/flush", headers });
  expect(response.statusCode).toBe(405);
  expect(response.headers["access-control-allow-origin"]).toBeUndefined();
});

describe("the Host header", () => {
  const browsed = ["/", "/page/page.js", "/v1/status", "/v1/openapi.json", "/v1/cache", "/v1/lookup?address=a"];

  test.each(browsed)("of a foreign name keeps %s shut, token or not", async (url) => {
    const response = await app.inject({ url, headers: { ...bearer, host: "evil.example:9100" } });
    expect(response.statusCode).toBe(403);
    expect(response.json()).toMatchObject({ code: "ERR_HTTP_FOREIGN_HOST" });
  });

  test("of a foreign name keeps a flush from happening", async () => {
    const headers = { ...bearer, host: "evil.example" };
    const response = await app.inject({ ...flush, headers, payload: { all: true } });
    expect(response.statusCode).toBe(403);
    expect(daemon.flushes).toEqual([]);
  });

  test.each(["/metrics", "/healthz", "/readyz"])("may be any name for %s, which probes call", async (url) => {
    expect((await app.inject({ url, headers: { host: "loginmapd.monitoring" } })).statusCode).toBe(200);
  });
});
