/** `GET /v1/lookup`: what a lookup would answer, and why. */
import type { FastifyInstance } from "fastify";
import { SourceError } from "../../model/errors.ts";
import type { SidecarDeps } from "../deps.ts";
import { checkMap, HttpError } from "../http-error.ts";
import { errorSchema, guarded, mapName, text } from "../schemas.ts";

interface LookupQuery {
  readonly address: string;
  readonly login?: string;
  readonly map?: string;
}

/** Adds the route, in a scope that requires the token. */
export function addLookupRoute(app: FastifyInstance, deps: SidecarDeps): void {
  app.get<{ Querystring: LookupQuery }>(
    "/v1/lookup",
    {
      schema: {
        summary: "Explain a lookup, asking the source: keys tried, what answered, owners, verdicts, cache state",
        tags: ["lookup"],
        security: guarded.security,
        querystring: {
          type: "object",
          additionalProperties: false,
          required: ["address"],
          properties: {
            address: text("What Postfix would ask: the sender's address."),
            login: {
              type: "string",
              maxLength: 1000,
              description:
                "The SASL login whose verdicts are wanted; empty for a client that is not logged in, absent for none.",
            },
            map: { ...mapName, description: "The map to ask; empty or absent for the default one." },
          },
        },
        response: {
          200: {
            description: "The document that `loginmapd lookup --json` prints, plus the cache state.",
            type: "object",
            additionalProperties: true,
          },
          400: errorSchema,
          ...guarded.errors,
          404: errorSchema,
          503: errorSchema,
        },
      },
    },
    async ({ query }) => {
      const login = query.login === "" ? null : query.login;
      const map = query.map === "" ? undefined : query.map;
      checkMap(deps, map);
      try {
        return await deps.explain({ address: query.address, login, map });
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        throw new HttpError("ERR_HTTP_SOURCE", `the source gave no answer (${error.code})`, { cause: error });
      }
    },
  );
}
