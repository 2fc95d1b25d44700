/** `GET /v1/cache` and `POST /v1/cache/flush`. */
import type { FastifyInstance } from "fastify";
import type { FlushSelector } from "../../model/flush.ts";
import type { SidecarDeps } from "../deps.ts";
import { checkMap } from "../http-error.ts";
import { byKind, count, counts, errorSchema, guarded, mapName, text } from "../schemas.ts";

interface FlushBody {
  readonly address?: string;
  readonly domain?: string;
  readonly login?: string;
  readonly all?: true;
  readonly map?: string;
}

const milliseconds = { type: "number", minimum: 0 } as const;

/** Adds both routes, in a scope that requires the token. */
export function addCacheRoutes(app: FastifyInstance, deps: SidecarDeps): void {
  app.get(
    "/v1/cache",
    {
      schema: {
        summary: "Sizes, hit counts and configuration of the cache of each map",
        tags: ["cache"],
        security: guarded.security,
        response: {
          200: {
            description: "The caches.",
            type: "object",
            required: ["maps"],
            properties: {
              maps: {
                type: "array",
                items: {
                  type: "object",
                  additionalProperties: false,
                  properties: {
                    map: { type: "string" },
                    source: { type: "string" },
                    sources: { type: "array", items: { type: "string" } },
                    entries: byKind,
                    staleEntries: count,
                    limits: byKind,
                    ttlMs: milliseconds,
                    negativeTtlMs: milliseconds,
                    staleIfErrorMs: milliseconds,
                    requests: counts,
                    evictions: byKind,
                    flushed: count,
                  },
                },
              },
            },
          },
          ...guarded.errors,
        },
      },
    },
    async () => ({ maps: deps.cache.describe() }),
  );

  app.post<{ Body: FlushBody }>(
    "/v1/cache/flush",
    {
      schema: {
        summary: "Forget answers, for good: not even a stale one is served after this, nor after a restart",
        tags: ["cache"],
        security: guarded.security,
        body: {
          type: "object",
          additionalProperties: false,
          properties: {
            address: text("This address, with all its extensions."),
            domain: text("Every address of this domain."),
            login: text("Every address that this SASL login owns."),
            all: { type: "boolean", enum: [true], description: "Everything." },
            map: { ...mapName, description: "Only in this map; else in every map." },
          },
          oneOf: [{ required: ["address"] }, { required: ["domain"] }, { required: ["login"] }, { required: ["all"] }],
        },
        response: {
          200: {
            description: "How many answers went.",
            type: "object",
            required: ["flushed"],
            properties: { flushed: count },
          },
          400: errorSchema,
          ...guarded.errors,
          404: errorSchema,
          500: errorSchema,
        },
      },
    },
    async ({ body }) => {
      checkMap(deps, body.map);
      const selector = toSelector(body);
      const flushed = await deps.cache.flush(selector, body.map);
      deps.log.info({ selector: selector.kind, map: body.map, flushed }, "cache flushed by the admin API");
      return { flushed };
    },
  );
}

// The schema has made sure that exactly one is there.
function toSelector({ address, domain, login }: FlushBody): FlushSelector {
  if (address !== undefined) return { kind: "address", address };
  if (domain !== undefined) return { kind: "domain", domain };
  if (login !== undefined) return { kind: "login", login };
  return { kind: "all" };
}
