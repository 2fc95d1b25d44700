/** Connects to an endpoint as the configuration names it. */
import net from "node:net";
import type { Endpoint } from "../model/settings.ts";

/** Begins to connect; the caller listens for `error`, and sets its own deadline. */
export function connectTo(endpoint: Endpoint): net.Socket {
  return endpoint.kind === "unix" ? net.connect(endpoint.path) : net.connect(endpoint.port, endpoint.host);
}

/** The same endpoint as node:http wants it. A unix socket has no name; HTTP wants a host all the same. */
export function httpTarget(endpoint: Endpoint): { readonly host: string; port?: number; socketPath?: string } {
  return endpoint.kind === "unix"
    ? { host: "localhost", socketPath: endpoint.path }
    : { host: endpoint.host, port: endpoint.port };
}
