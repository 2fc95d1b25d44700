/** `loginmapd query`: asks a running server over the wire, as Postfix would. */

import { parseEndpoint } from "../config/endpoint.ts";
import { Mismatch } from "../config/mismatch.ts";
import { type Endpoint, formatEndpoint } from "../model/settings.ts";
import { ask, NoServer } from "../net/ask.ts";
import type { ServerReply } from "../protocol/protocol.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { loadSettings, stringOf } from "./load-settings.ts";

// Postfix waits 100 s for a reply.
const timeoutMs = 100_000;

/** Prints the owners. Exit 0 found, 1 not found, 75 try again, 69 no server. */
export async function query(line: CommandLine): Promise<ExitCode> {
  const [map = "", key = ""] = line.positionals;
  const protocol = protocolOf(line);
  const server = serverOf(line, protocol);
  try {
    return report(await ask({ server, protocol, map, key, timeoutMs }));
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    process.stderr.write(`loginmapd: ${formatEndpoint(server)}: ${error.message}\n`);
    return exitCode.unavailable;
  }
}

function report(reply: ServerReply): ExitCode {
  switch (reply.kind) {
    case "ok":
      process.stdout.write(`${reply.text}\n`);
      return exitCode.ok;
    case "notFound":
      return exitCode.notFound;
    case "temporary":
    case "timeout":
    case "permanent":
      process.stderr.write(`loginmapd: the server says: ${reply.reason}\n`);
      return exitCode.temporary;
  }
}

function protocolOf({ options }: CommandLine): "socketmap" | "tcp_table" {
  const protocol = stringOf(options["protocol"]) ?? "socketmap";
  if (protocol === "socketmap" || protocol === "tcp_table") return protocol;
  throw new UsageError(`--protocol: expected socketmap or tcp_table, got "${protocol}"`);
}

/** The server named, else the first listener of the configuration that speaks the protocol. */
function serverOf(line: CommandLine, protocol: string): Endpoint {
  const named = stringOf(line.options["server"]);
  if (named !== undefined) {
    const endpoint = parseEndpoint(named, { port: 9000, path: "/run/loginmapd/socketmap" });
    if (endpoint instanceof Mismatch) throw new UsageError(`--server: ${endpoint.message}`);
    return endpoint;
  }
  const listener = loadSettings(line).settings.listeners.find((one) => one.protocol === protocol);
  if (listener === undefined)
    throw new UsageError(`the configuration has no ${protocol} listener; name one by --server`);
  return listener.endpoint;
}
