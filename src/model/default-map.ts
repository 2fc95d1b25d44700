/** The map that a command means when none is named. */
import type { Settings } from "./settings.ts";

/** Finds it: `senders`, the name of all our documentation, if there is one, else the first map of the configuration. */
export function defaultMapOf({ maps }: Settings): string {
  return "senders" in maps ? "senders" : (Object.keys(maps)[0] ?? "senders");
}
