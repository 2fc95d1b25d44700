/** Who may change or see more than numbers: whoever brings the bearer token (RFC 6750). */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { SidecarDeps } from "./deps.ts";
import { HttpError } from "./http-error.ts";

/**
 * Tells whether a request brings the token.
 *
 * @returns false when it brings none, or when none is configured
 * @throws {HttpError} ERR_HTTP_WRONG_TOKEN when it brings another: a mistake is told, not taken for "no token"
 */
export function hasToken(deps: SidecarDeps, request: FastifyRequest, reply: FastifyReply): boolean {
  const expected = deps.token();
  const header = request.headers.authorization;
  if (expected === undefined || header === undefined) return false;
  const presented = /^Bearer +(.+)$/i.exec(header)?.[1];
  if (presented !== undefined && isSame(presented, expected)) return true;
  deps.log.warn({ path: request.routeOptions.url }, "admin request with a wrong token");
  reply.header("www-authenticate", 'Bearer realm="loginmapd", error="invalid_token"');
  throw new HttpError("ERR_HTTP_WRONG_TOKEN", "this is not the admin token");
}

/**
 * Makes the hook that lets only requests with the token pass.
 *
 * @throws {HttpError} ERR_HTTP_LOCKED without a configured token, ERR_HTTP_NO_TOKEN or ERR_HTTP_WRONG_TOKEN
 */
export function requireToken(deps: SidecarDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (deps.token() === undefined) {
      throw new HttpError("ERR_HTTP_LOCKED", "no admin token is configured (admin.token_file)");
    }
    if (hasToken(deps, request, reply)) return;
    reply.header("www-authenticate", 'Bearer realm="loginmapd"');
    throw new HttpError("ERR_HTTP_NO_TOKEN", "send the admin token as Authorization: Bearer TOKEN");
  };
}

// Digests have one length, so neither the length nor the first difference of the tokens shows in the time it takes.
function isSame(presented: string, expected: string): boolean {
  return timingSafeEqual(digest(presented), digest(expected));
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
