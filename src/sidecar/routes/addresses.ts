/** `GET /v1/addresses`: what a login may send as, by a listing of the sources. */
import type { FastifyInstance } from "fastify";
import { SourceError } from "../../model/errors.ts";
import { listedKinds } from "../../model/listing.ts";
import type { SidecarDeps } from "../deps.ts";
import { checkMap, HttpError } from "../http-error.ts";
import { errorSchema, guarded, mapName, text } from "../schemas.ts";

interface AddressesQuery {
  readonly login?: string;
  readonly domain?: string;
  readonly map?: string;
}

/** Adds the route, in a scope that requires the token. */
export function addAddressesRoute(app: FastifyInstance, deps: SidecarDeps): void {
  app.get<{ Querystring: AddressesQuery }>(
    "/v1/addresses",
    {
      schema: {
        summary: "List what a login may send as, or the whole map, asking the sources",
        tags: ["lookup"],
        security: guarded.security,
        querystring: {
          type: "object",
          additionalProperties: false,
          properties: {
            login: text("A SASL login, compared caselessly; absent for everybody."),
            domain: text("Only addresses of this domain, and grants to everything."),
            map: { ...mapName, description: "The map to list; absent for the default one." },
          },
        },
        response: {
          200: addressesSchema,
          400: errorSchema,
          ...guarded.errors,
          404: errorSchema,
          503: errorSchema,
        },
      },
    },
    async ({ query }) => {
      checkMap(deps, query.map);
      try {
        return await deps.list(query);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        throw new HttpError("ERR_HTTP_SOURCE", `the source could not be listed (${error.code})`, { cause: error });
      }
    },
  );
}

const addressesSchema = {
  description: "The keys that are listed, in the order of the sources.",
  type: "object",
  required: ["map", "isComplete", "addresses"],
  additionalProperties: false,
  properties: {
    map: mapName,
    isComplete: {
      type: "boolean",
      description: "False when there are more than are worth a page: name a login or a domain.",
    },
    addresses: {
      type: "array",
      items: {
        type: "object",
        required: ["key", "login", "kind"],
        additionalProperties: false,
        properties: {
          key: { type: "string", description: "An address, `@domain` for every address there, or `*` for everything." },
          login: { type: "string" },
          kind: { type: "string", enum: listedKinds, description: "Why: what the row is." },
          source: { type: "string", description: "The source that says so; absent where the map has one only." },
        },
      },
    },
  },
} as const;
