/** `GET /v1/openapi.json`: the routes described by their own schemas. */
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { FastifyInstance } from "fastify";

/** The head of the document. */
export function openapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.0.3",
      info: {
        title: "loginmapd admin API",
        description: "Watches and steers a loginmapd. Errors are `{ statusCode, code, message }`.",
        version,
        license: { name: "MIT", url: "https://opensource.org/license/mit" },
      },
      tags: [
        { name: "watch", description: "What the daemon does now." },
        { name: "cache", description: "What it remembers." },
        { name: "lookup", description: "What it would answer, and why." },
      ],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", description: "The content of admin.token_file." },
        },
      },
    },
  };
}

/** Adds the route. */
export function addOpenapiRoute(app: FastifyInstance): void {
  app.get(
    "/v1/openapi.json",
    {
      schema: {
        summary: "This document",
        tags: ["watch"],
        response: { 200: { description: "OpenAPI 3.", type: "object", additionalProperties: true } },
      },
    },
    async () => app.swagger(),
  );
}
