/** What can be wrong with a request, and the one shape in which it is told: `{ statusCode, code, message }`. */
import type { SidecarDeps } from "./deps.ts";

/** Every code of the admin API, with its status; docs/admin-api.md lists them, and a test compares the two. */
export const httpErrors = {
  ERR_HTTP_BAD_REQUEST: 400,
  ERR_HTTP_NO_TOKEN: 401,
  ERR_HTTP_WRONG_TOKEN: 401,
  ERR_HTTP_LOCKED: 403,
  ERR_HTTP_FOREIGN_HOST: 403,
  ERR_HTTP_NOT_FOUND: 404,
  ERR_HTTP_UNKNOWN_MAP: 404,
  ERR_HTTP_METHOD: 405,
  ERR_HTTP_TIMEOUT: 408,
  ERR_HTTP_TOO_LARGE: 413,
  ERR_HTTP_MEDIA_TYPE: 415,
  ERR_HTTP_HEADERS_TOO_LARGE: 431,
  ERR_HTTP_INTERNAL: 500,
  ERR_HTTP_SNAPSHOT: 500,
  ERR_HTTP_NOT_READY: 503,
  ERR_HTTP_SOURCE: 503,
} as const;

/** A key of `httpErrors`. */
export type HttpErrorCode = keyof typeof httpErrors;

/** The body of every error. */
export interface ErrorBody {
  readonly statusCode: number;
  readonly code: HttpErrorCode;
  /** For a person; says nothing that the one who asks may not know. */
  readonly message: string;
}

/** Makes the body of an error. */
export function toErrorBody(code: HttpErrorCode, message: string): ErrorBody {
  return { statusCode: httpErrors[code], code, message };
}

/** Ends a request with an error; `app.ts` turns it into its body. */
export class HttpError extends Error {
  readonly code: HttpErrorCode;
  /** Fastify takes the status from here. */
  readonly statusCode: number;

  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.statusCode = httpErrors[code];
  }
}

/** @throws {HttpError} ERR_HTTP_UNKNOWN_MAP when a map is named that the configuration does not have */
export function checkMap(deps: SidecarDeps, map: string | undefined): void {
  if (map === undefined) return;
  const known = deps.maps();
  if (!known.includes(map)) {
    throw new HttpError("ERR_HTTP_UNKNOWN_MAP", `there is no such map; the configuration has ${known.join(", ")}`);
  }
}
