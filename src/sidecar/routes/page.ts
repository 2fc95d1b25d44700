/** `GET /`: the status page, and the files that it links to. */
import type { FastifyInstance } from "fastify";
import { readPageFiles } from "../page-files.ts";

// Everything from here and nothing inline. uPlot styles its elements through the CSSOM, which this allows.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Adds a route for each file. */
export function addPageRoutes(app: FastifyInstance): void {
  for (const { url, mediaType, content, etag } of readPageFiles()) {
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      // Kept by the browser, but asked for again each time: an upgrade of the daemon must not meet the old script.
      reply.header("cache-control", "no-cache").header("etag", etag);
      reply.header("content-security-policy", contentSecurityPolicy);
      if (request.headers["if-none-match"] === etag) return reply.code(304).send();
      return reply.type(mediaType).send(content);
    });
  }
}
