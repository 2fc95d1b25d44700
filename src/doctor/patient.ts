/** Everything that a check may look at. */
import type { Settings } from "../model/settings.ts";
import type { Observations } from "./observations.ts";
import type { PostfixConfig } from "./postfix.ts";

/** Postfix's configuration, ours, and what was seen on the machine. */
export interface Patient {
  readonly postfix: PostfixConfig;
  readonly settings: Settings;
  readonly observations: Observations;
}
