import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Notifier, watchdogIntervalMs } from "../../../src/system/systemd.ts";

const path = process.env["PATH"];

afterEach(() => {
  process.env["PATH"] = path;
});

describe("Notifier", () => {
  /** Puts a systemd-notify on the PATH that writes its arguments down. */
  async function fakeProgram(body: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "loginmapd-systemd-"));
    const program = join(folder, "systemd-notify");
    await writeFile(program, `#!/bin/sh\n${body}\n`);
    await chmod(program, 0o755);
    process.env["PATH"] = `${folder}:${path}`;
    return join(folder, "told");
  }

  test("tells systemd through systemd-notify(1)", async () => {
    const told = await fakeProgram('printf "%s\\n" "$@" > "$(dirname "$0")/told"');
    const errors: Error[] = [];
    await new Notifier({ NOTIFY_SOCKET: "/run/x" }, (error) => errors.push(error)).notify("READY=1", "STATUS=a b");
    expect(await readFile(told, "utf8")).toBe("READY=1\nSTATUS=a b\n");
    expect(errors).toEqual([]);
  });

  test("runs nothing when systemd did not ask", async () => {
    const told = await fakeProgram('touch "$(dirname "$0")/told"');
    await new Notifier({}, () => {}).notify("READY=1");
    await expect(readFile(told)).rejects.toThrow("ENOENT");
  });

  test("says that it could not, and goes on", async () => {
    await fakeProgram("exit 1");
    const errors: Error[] = [];
    await new Notifier({ NOTIFY_SOCKET: "/run/x" }, (error) => errors.push(error)).notify("READY=1");
    expect(errors).toHaveLength(1);
  });
});

describe("watchdogIntervalMs", () => {
  test("is half of what systemd allows", () => {
    expect(watchdogIntervalMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" }, 42)).toBe(15_000);
    expect(watchdogIntervalMs({ WATCHDOG_USEC: "30000000" }, 42)).toBe(15_000);
  });

  test("is nothing without a watchdog, or for another process", () => {
    expect(watchdogIntervalMs({}, 42)).toBeUndefined();
    expect(watchdogIntervalMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "43" }, 42)).toBeUndefined();
  });
});
