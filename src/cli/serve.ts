/** The command line of `loginmapd serve`. */
import { relative } from "node:path";
import { serve } from "../daemon/run.ts";
import { formatEndpoint, type Settings } from "../model/settings.ts";
import type { ExitCode } from "../system/program.ts";
import type { CommandLine } from "./command.ts";
import { loadSettings } from "./load-settings.ts";

/** Runs the daemon with the configuration that the command line names; the demo also says how to try it. */
export function serveCommand(line: CommandLine): Promise<ExitCode> {
  const load = () => loadSettings(line);
  return serve(line.options["demo"] === true ? { load, onReady: printTrial } : { load });
}

/** Prints three lines that can be pasted into another terminal. */
function printTrial({ listeners, admin }: Settings): void {
  const socketmap = listeners.find(({ protocol }) => protocol === "socketmap");
  if (socketmap === undefined || admin.endpoint.kind !== "inet") return;
  const program = relative(process.cwd(), process.argv[1] ?? "loginmapd");
  process.stdout.write(
    [
      "The demo is ready. Try in another terminal:",
      `postmap -q alice@example.com socketmap:${formatEndpoint(socketmap.endpoint)}:senders`,
      `curl -s http://${admin.endpoint.host}:${admin.endpoint.port}/metrics | grep loginmapd_lookups_total`,
      `node ${program} lookup --demo sales+spring@example.com --login bob@example.com`,
      "",
    ].join("\n"),
  );
}
