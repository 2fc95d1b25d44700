/** `GET /metrics`: what Prometheus scrapes. */
import type { FastifyInstance } from "fastify";
import type { SidecarDeps } from "../deps.ts";

/** Adds the route. */
export function addMetricsRoute(app: FastifyInstance, { metrics }: SidecarDeps): void {
  app.get(
    "/metrics",
    {
      schema: {
        summary: "Metrics in the Prometheus text format",
        tags: ["watch"],
        response: {
          200: {
            description: "Every metric of docs/metrics.md.",
            content: { "text/plain": { schema: { type: "string" } } },
          },
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
}
