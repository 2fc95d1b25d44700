/**
 * `GET /v1/status`: everything that the status page draws.
 *
 * Numbers are open, like those of `/metrics`. Where the databases are, why one is down and what went wrong lately is shown
 * to whoever brings the token.
 */
import type { FastifyInstance } from "fastify";
import { lookupTally } from "../../model/tally.ts";
import type { DatedRefusal } from "../../telemetry/refusals.ts";
import type { SidecarDeps } from "../deps.ts";
import { followingSchema, toFollowing } from "../following.ts";
import { byKind, count, counts, errorSchema } from "../schemas.ts";
import { hasToken } from "../token.ts";

const statusSchema = {
  description: "Counts since the process started: two polls give rates. Fields marked so need the token.",
  type: "object",
  properties: {
    version: { type: "string" },
    node: { type: "string" },
    startedAt: { type: "string", format: "date-time" },
    now: { type: "string", format: "date-time" },
    ready: { type: "boolean" },
    tokenConfigured: { type: "boolean", description: "Whether there is a token at all." },
    revealed: { type: "boolean", description: "Whether the fields that need the token are there." },
    lookups: counts,
    lookupDuration: {
      type: "object",
      properties: {
        bounds: { type: "array", items: { type: "number" }, description: "Upper bounds in seconds." },
        counts: {
          type: "array",
          items: count,
          description: "Per bucket, not cumulated; the last is above all bounds.",
        },
      },
    },
    cache: counts,
    listeners: {
      type: "array",
      items: {
        type: "object",
        properties: {
          name: { type: "string" },
          bound: { type: "boolean" },
          connections: count,
          connectionsTotal: count,
          errors: count,
        },
      },
    },
    sources: {
      type: "array",
      items: {
        type: "object",
        properties: {
          name: { type: "string" },
          up: { type: "boolean" },
          servingStale: { type: "boolean" },
          hostsUp: count,
          hostsDown: count,
          queries: counts,
          changes: { ...count, description: "Keys that appeared, changed or went from one listing to the next." },
          following: followingSchema,
          reason: { type: "string", description: "Why it is down. Needs the token." },
          hosts: {
            type: "array",
            description: "Needs the token.",
            items: {
              type: "object",
              properties: { endpoint: { type: "string" }, up: { type: "boolean" }, reason: { type: "string" } },
            },
          },
        },
      },
    },
    maps: {
      type: "array",
      items: {
        type: "object",
        properties: {
          map: { type: "string" },
          source: { type: "string", description: "The name of its source; several are joined with a comma." },
          sources: { type: "array", items: { type: "string" }, description: "Only when there are several." },
          lookups: { ...counts, description: "Replies to clients of this map." },
          entries: byKind,
          staleEntries: { ...count, description: "Past their lifetime, kept for when the source fails." },
          staleAnswers: { ...count, description: "How often one of those was given in place of a failure." },
          limits: byKind,
          flushed: count,
        },
      },
    },
    history: {
      type: "array",
      description: "What was counted up to every fifth second of the last five minutes, the earliest first.",
      items: {
        type: "object",
        properties: {
          now: { type: "string", format: "date-time" },
          lookups: counts,
          lookupDuration: { type: "array", items: count, description: "Per bucket, as above." },
          cache: counts,
          connections: { ...count, description: "Open, of all listeners." },
          changes: { ...counts, description: "By source." },
        },
      },
    },
    messages: {
      type: "array",
      description: "Messages that milter listeners judged, by what became of them.",
      items: { type: "object", properties: { listener: { type: "string" }, results: counts } },
    },
    refusals: {
      type: "array",
      description: "The last messages that were refused, or would have been, the latest first. Needs the token.",
      items: {
        type: "object",
        properties: {
          time: { type: "string", format: "date-time" },
          listener: { type: "string" },
          result: { type: "string", enum: ["reject", "temp", "would_reject"] },
          reason: { type: "string" },
          login: { type: "string" },
          header: { type: "string" },
          address: { type: "string" },
          queueId: { type: "string" },
        },
      },
    },
    recentErrors: {
      type: "array",
      description: "Warnings and errors of the log, each once, the latest first. Needs the token.",
      items: {
        type: "object",
        properties: {
          time: { type: "string", format: "date-time", description: "When it last happened." },
          firstTime: { type: "string", format: "date-time" },
          count: { ...count, description: "How many times, those included that the log only counted." },
          level: { type: "string", enum: ["warn", "error"] },
          message: { type: "string" },
          code: { type: "string" },
          reason: { type: "string" },
          source: { type: "string" },
          host: { type: "string" },
          listener: { type: "string" },
          map: { type: "string" },
        },
      },
    },
  },
} as const;

/** Adds the route. */
export function addStatusRoute(app: FastifyInstance, deps: SidecarDeps): void {
  app.get(
    "/v1/status",
    {
      schema: {
        summary: "What the status page draws",
        tags: ["watch"],
        // Either nothing or the token.
        security: [{}, { bearer: [] }],
        response: { 200: statusSchema, 401: errorSchema },
      },
    },
    async (request, reply) => describeStatus(deps, hasToken(deps, request, reply)),
  );
}

function describeStatus(deps: SidecarDeps, isRevealed: boolean) {
  const { lookups, lookupDuration, cache, listeners, sources, maps, messages } = deps.metrics.snapshot();
  const readiness = deps.readiness();
  return {
    version: deps.version,
    node: process.version,
    startedAt: deps.startedAt.toISOString(),
    now: deps.now().toISOString(),
    ready: readiness.isReady,
    tokenConfigured: deps.token() !== undefined,
    revealed: isRevealed,
    lookups,
    lookupDuration,
    cache,
    listeners: readiness.listeners.map(({ name, isBound }) => {
      const tally = listeners.find((listener) => listener.name === name);
      return { ...(tally ?? { connections: 0, connectionsTotal: 0, errors: 0 }), name, bound: isBound };
    }),
    sources: readiness.sources.map(({ name, health, isServingStale, following }) => {
      const counted = sources.find((source) => source.name === name);
      const hostsUp = health.hosts.filter((host) => host.isUp).length;
      return {
        name,
        up: health.isUp,
        servingStale: isServingStale,
        hostsUp,
        hostsDown: health.hosts.length - hostsUp,
        queries: counted?.queries ?? { ok: 0, error: 0, timeout: 0 },
        changes: counted?.changes ?? 0,
        ...(following && { following: toFollowing(following, isRevealed) }),
        ...(isRevealed ? { reason: health.reason, hosts: health.hosts.map(toHost) } : {}),
      };
    }),
    maps: deps.cache.describe().map(({ map, source, sources, entries, staleEntries, limits, requests, flushed }) => {
      const replies = maps.find(({ name }) => name === map)?.lookups ?? lookupTally().results;
      const staleAnswers = requests["stale"] ?? 0;
      return {
        map,
        source,
        ...(sources && { sources }),
        lookups: replies,
        entries,
        staleEntries,
        staleAnswers,
        limits,
        flushed,
      };
    }),
    messages,
    history: deps.history(),
    ...(isRevealed ? { recentErrors: deps.recentErrors(), refusals: deps.refusals().map(toRefusal) } : {}),
  };
}

function toRefusal({ place, ...refusal }: DatedRefusal) {
  return { ...refusal, header: place };
}

function toHost({ endpoint, isUp, reason }: { endpoint: string; isUp: boolean; reason: string }) {
  return { endpoint, up: isUp, reason };
}
