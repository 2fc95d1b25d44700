/** JSON schemas that several routes share. They check, serialise and document at once. */

/** The schema of every error. */
export const errorSchema = {
  description: "What is wrong with the request.",
  type: "object",
  required: ["statusCode", "code", "message"],
  additionalProperties: false,
  properties: {
    statusCode: { type: "integer" },
    code: { type: "string" },
    message: { type: "string" },
  },
} as const;

/** What every route that needs the token says about it. */
export const guarded = {
  security: [{ bearer: [] }],
  errors: { 401: errorSchema, 403: errorSchema },
} as const;

/** A number that only grows while the process lives. */
export const count = { type: "integer", minimum: 0 } as const;

/** Several numbers by name. */
export const counts = { type: "object", additionalProperties: { type: "number" } } as const;

/** Numbers of addresses with owners and without. */
export const byKind = {
  type: "object",
  required: ["positive", "negative"],
  additionalProperties: false,
  properties: { positive: count, negative: count },
} as const;

/** The name of a map. */
export const mapName = { type: "string", description: "Name of a map of the configuration.", maxLength: 255 } as const;

/** An address, a domain or a login; anything is accepted that a client could ask. */
export function text(description: string) {
  return { type: "string", description, minLength: 1, maxLength: 1000 } as const;
}
