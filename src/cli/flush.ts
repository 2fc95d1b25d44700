/** `loginmapd flush`: makes the running daemon forget answers. */
import { request as httpRequest } from "node:http";
import { type AdminSettings, formatEndpoint } from "../model/settings.ts";
import { httpTarget } from "../system/connect.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { type CommandLine, UsageError } from "./command.ts";
import { loadSettings, stringOf } from "./load-settings.ts";

const timeoutMs = 30_000;

/** Calls `POST /v1/cache/flush` of the configured admin endpoint. Exit 69 when it does not answer or refuses. */
export async function flush(line: CommandLine): Promise<ExitCode> {
  const body = selectorOf(line);
  const { admin } = loadSettings(line).settings;
  try {
    const { status, text } = await post(admin, "/v1/cache/flush", body);
    const answer = JSON.parse(text) as { flushed?: number; message?: string };
    if (status === 200) {
      process.stdout.write(`flushed ${answer.flushed}\n`);
      return exitCode.ok;
    }
    const what = status >= 500 ? "failed" : "refused";
    process.stderr.write(`loginmapd: ${formatEndpoint(admin.endpoint)} ${what}: ${answer.message ?? text}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`loginmapd: ${formatEndpoint(admin.endpoint)}: ${reason}\n`);
  }
  return exitCode.unavailable;
}

function selectorOf({ options }: CommandLine): Record<string, string | boolean> {
  const selectors = ["address", "domain", "login", "all"].filter((name) => options[name] !== undefined);
  const [selector, ...others] = selectors;
  if (selector === undefined || others.length > 0) {
    throw new UsageError("flush needs exactly one of --address, --domain, --login and --all");
  }
  const map = stringOf(options["map"]);
  return { [selector]: stringOf(options[selector]) ?? true, ...(map === undefined ? {} : { map }) };
}

function post(admin: AdminSettings, path: string, body: object): Promise<{ status: number; text: string }> {
  const { endpoint, token } = admin;
  const headers = {
    "content-type": "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      { ...httpTarget(endpoint), path, method: "POST", headers, timeout: timeoutMs },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in 30 s")));
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}
