/** `GET /healthz` and `GET /readyz`: what a supervisor and a load balancer ask. Neither asks a database. */
import type { FastifyInstance } from "fastify";
import type { Readiness, SidecarDeps } from "../deps.ts";
import { followingSchema, toFollowing } from "../following.ts";
import { toErrorBody } from "../http-error.ts";
import { errorSchema } from "../schemas.ts";

const readinessProperties = {
  ready: { type: "boolean" },
  listeners: {
    type: "array",
    items: {
      type: "object",
      required: ["name", "bound"],
      properties: { name: { type: "string" }, bound: { type: "boolean" } },
    },
  },
  sources: {
    type: "array",
    items: {
      type: "object",
      required: ["name", "up", "servingStale", "reason"],
      properties: {
        name: { type: "string" },
        up: { type: "boolean" },
        servingStale: { type: "boolean", description: "Whether expired answers are being served in its place." },
        reason: { type: "string", description: "Why it is down; empty when up." },
        following: followingSchema,
      },
    },
  },
} as const;

/** Adds both routes. */
export function addHealthRoutes(app: FastifyInstance, deps: SidecarDeps): void {
  app.get(
    "/healthz",
    {
      schema: {
        summary: "Whether the process serves",
        tags: ["watch"],
        response: {
          200: { description: "It does.", type: "object", properties: { status: { type: "string", enum: ["ok"] } } },
        },
      },
    },
    async () => ({ status: "ok" }),
  );

  app.get(
    "/readyz",
    {
      schema: {
        summary: "Whether lookups can be answered, from what is known of the sources without asking them",
        tags: ["watch"],
        response: {
          200: {
            description: "Every listener is bound, and every source is up or its stale answers are being served.",
            type: "object",
            required: ["ready", "listeners", "sources"],
            properties: readinessProperties,
          },
          503: {
            description: "Not so, and why.",
            type: "object",
            required: [...errorSchema.required, "ready", "listeners", "sources"],
            properties: { ...errorSchema.properties, ...readinessProperties },
          },
        },
      },
    },
    async (_request, reply) => {
      const readiness = deps.readiness();
      const body = toReadinessBody(readiness);
      if (readiness.isReady) return body;
      return reply.code(503).send({ ...toErrorBody("ERR_HTTP_NOT_READY", whyNotReady(readiness)), ...body });
    },
  );
}

function toReadinessBody({ isReady, listeners, sources }: Readiness) {
  return {
    ready: isReady,
    listeners: listeners.map(({ name, isBound }) => ({ name, bound: isBound })),
    sources: sources.map(({ name, health, isServingStale, following }) => {
      const state = { name, up: health.isUp, servingStale: isServingStale, reason: health.reason };
      // As the reason of a source that is down, why it cannot be listed is told to whoever probes.
      return following === undefined ? state : { ...state, following: toFollowing(following, true) };
    }),
  };
}

function whyNotReady({ listeners, sources }: Readiness): string {
  const causes = [
    ...listeners.filter(({ isBound }) => !isBound).map(({ name }) => `listener ${name} is not bound`),
    ...sources
      .filter(({ health, isServingStale }) => !health.isUp && !isServingStale)
      .map(({ name, health }) => `source ${name} is down: ${health.reason}`),
  ];
  return causes.length === 0 ? "draining" : causes.join("; ");
}
