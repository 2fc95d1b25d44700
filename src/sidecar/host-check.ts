/**
 * Keeps foreign web pages from reading the sidecar through the browser of someone who can reach it (DNS rebinding).
 *
 * A page of evil.example can point its own name at 127.0.0.1; the browser then takes our answers for evil.example's. The
 * Host header still says `evil.example`, and nothing that we are called by does.
 */
import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import type { SidecarDeps } from "./deps.ts";
import { HttpError } from "./http-error.ts";

/**
 * Makes the hook that refuses requests for a host which is neither `localhost`, nor an IP address, nor named in
 * `hostNames()`.
 *
 * @throws {HttpError} ERR_HTTP_FOREIGN_HOST
 */
export function requireOwnHost(deps: SidecarDeps) {
  return async (request: FastifyRequest): Promise<void> => {
    if (isOwnHost(request.headers.host, deps.hostNames())) return;
    throw new HttpError("ERR_HTTP_FOREIGN_HOST", "call the sidecar by its IP address, as localhost or by its own name");
  };
}

/** Tells whether a Host header (`name`, `name:port`, `[::1]:port`) names this machine. */
export function isOwnHost(header: string | undefined, hostNames: readonly string[]): boolean {
  const host = header?.replace(/:\d*$/, "").toLowerCase();
  if (host === undefined) return false;
  if (host === "localhost" || isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  return hostNames.some((name) => name.toLowerCase() === host);
}
