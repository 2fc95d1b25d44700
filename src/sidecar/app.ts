/**
 * The sidecar: metrics, health, the admin API and the status page over HTTP.
 *
 * `buildSidecar` puts it together without listening, so that tests can inject requests. It knows no mail logic: everything
 * comes through SidecarDeps.
 */
import swagger from "@fastify/swagger";
import Fastify, { type FastifyInstance } from "fastify";
import type { SidecarDeps } from "./deps.ts";
import { answerClientError, answerErrors, answerFrameworkError, formatSchemaError } from "./errors.ts";
import { requireOwnHost } from "./host-check.ts";
import { makeRoom } from "./make-room.ts";
import { addAddressesRoute } from "./routes/addresses.ts";
import { addCacheRoutes } from "./routes/cache.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addLookupRoute } from "./routes/lookup.ts";
import { addMetricsRoute } from "./routes/metrics.ts";
import { addOpenapiRoute, openapiOptions } from "./routes/openapi.ts";
import { addPageRoutes } from "./routes/page.ts";
import { addStatusRoute } from "./routes/status.ts";
import { requireToken } from "./token.ts";

/** Bounds on HTTP clients. */
export interface HttpLimits {
  /** A flush names one address: 4 KiB hold the longest that the schema lets through, escaped. */
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** From the connection, or the previous reply, to the last byte of the headers, and of the body. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long an idle connection stays open: longer than Prometheus's usual 15 s between scrapes. */
  readonly keepAliveTimeoutMs: number;
  /** Beyond, the one that idles longest makes way. */
  readonly maxConnections: number;
  /** How often Node looks for connections that are past their time. */
  readonly checkIntervalMs: number;
}

const defaultLimits: HttpLimits = {
  maxBodyBytes: 4096,
  maxHeaderBytes: 8192,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 30_000,
  // A Prometheus or two, a probe, some browsers with six connections each. More would be somebody eating descriptors.
  maxConnections: 128,
  checkIntervalMs: 1_000,
};

/** Builds the sidecar of a daemon; `listenSidecar` opens it, `app.close()` ends it. */
export function buildSidecar(deps: SidecarDeps, limits: HttpLimits = defaultLimits): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      maxHeaderSize: limits.maxHeaderBytes,
    },
    // A request is taken as it is or refused: nothing is converted to fit, and no unknown key is dropped in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    schemaErrorFormatter: formatSchemaError,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerFrameworkError,
    // What arrives while the sidecar closes is still answered.
    return503OnClosing: false,
  });
  makeRoom(app.server, limits.maxConnections);
  // JSON alone: a foreign page can send text without asking first, JSON it cannot (Fetch standard, "CORS-safelisted").
  app.removeContentTypeParser("text/plain");
  answerErrors(app, deps);

  app.addHook("onRequest", async (_request, reply) => {
    reply.headers({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
  });

  // The first plugin, since it sees only routes that are added after it.
  app.register(swagger, openapiOptions(deps.version));
  // Probes and Prometheus call by whatever name their configuration has.
  app.register((watched, _options, done) => {
    addMetricsRoute(watched, deps);
    addHealthRoutes(watched, deps);
    done();
  });
  app.register((browsed, _options, done) => {
    browsed.addHook("onRequest", requireOwnHost(deps));
    addPageRoutes(browsed);
    addStatusRoute(browsed, deps);
    addOpenapiRoute(browsed);
    done();
  });
  app.register((guarded, _options, done) => {
    guarded.addHook("onRequest", requireOwnHost(deps));
    guarded.addHook("onRequest", requireToken(deps));
    addCacheRoutes(guarded, deps);
    addLookupRoute(guarded, deps);
    addAddressesRoute(guarded, deps);
    done();
  });
  return app;
}
