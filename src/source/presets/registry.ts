/** Every preset by its name. */
import { froxlor } from "./froxlor.ts";
import { iredmail } from "./iredmail.ts";
import { ispconfig } from "./ispconfig.ts";
import { ispmail } from "./ispmail.ts";
import { leister } from "./leister.ts";
import { mailcow } from "./mailcow.ts";
import { mailinabox } from "./mailinabox.ts";
import { modoboa } from "./modoboa.ts";
import { native } from "./native.ts";
import { postfixadmin } from "./postfixadmin.ts";
import type { Preset } from "./preset.ts";
import { vimbadmin } from "./vimbadmin.ts";

const presets: readonly Preset[] = [
  native,
  postfixadmin,
  iredmail,
  mailcow,
  ispconfig,
  ispmail,
  modoboa,
  froxlor,
  leister,
  vimbadmin,
  mailinabox,
];

/** Finds a preset by its name in the configuration; `undefined` when there is none. */
export function presetNamed(name: string): Preset | undefined {
  return presets.find((preset) => preset.name === name);
}

/** Lists the names of all presets, ours first. */
export function presetNames(): readonly string[] {
  return presets.map((preset) => preset.name);
}
