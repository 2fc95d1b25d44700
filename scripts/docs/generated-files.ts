/** Everything that is generated from the tables of keys and commands. */
import { presetNamed, presetNames } from "../../src/source/presets/stacks.ts";
import { bashCompletion } from "./completion-bash.ts";
import { zshCompletion } from "./completion-zsh.ts";
import { configurationMarkdown } from "./configuration-md.ts";
import { exampleYaml } from "./example-yaml.ts";
import { configManual } from "./manual-config.ts";
import { programManual } from "./manual-program.ts";

/** A file of the repository with the text that it should have. */
export interface GeneratedFile {
  /** Below the top of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Makes all of them, in memory. */
export function generatedFiles(): GeneratedFile[] {
  const presets = presetNames()
    .map(presetNamed)
    .filter((preset) => preset !== undefined);
  return [
    { path: "docs/configuration.md", text: configurationMarkdown(presets) },
    { path: "docs/man/loginmapd.8", text: programManual() },
    { path: "docs/man/loginmapd.yaml.5", text: configManual(presetNames()) },
    { path: "deploy/loginmapd.example.yaml", text: exampleYaml() },
    { path: "deploy/completions/loginmapd.bash", text: bashCompletion() },
    { path: "deploy/completions/_loginmapd", text: zshCompletion() },
  ];
}
