/** Writes docs/man/loginmapd.yaml.5. */
import { type DocumentedKey, documentedSections } from "./keys.ts";
import {
  durationRule,
  endpointRule,
  environmentRules,
  orderRule,
  pathRule,
  reloadRule,
  sampleYaml,
  secretRule,
  textRule,
} from "./prose.ts";
import { bold, italic, item, page, paragraph, section, subsection, title, verbatim } from "./roff.ts";

/** Gives the source of the page. */
export function configManual(presetNames: readonly string[]): string {
  return page(
    title("loginmapd.yaml", 5, "File formats"),
    section("Name", "loginmapd.yaml \\- configuration of loginmapd(8)"),
    section(
      "Description",
      paragraph(
        "`loginmapd(8)` reads one YAML file, `/etc/loginmapd/loginmapd.yaml` unless `-c FILE` or `$LOGINMAPD_CONFIG` names another. `loginmapd check` names every problem at once.",
      ),
      ...[orderRule, durationRule, endpointRule, textRule, secretRule, pathRule].map(paragraph),
    ),
    section(
      "Keys",
      ...documentedSections().map(({ path, help, keys }) => subsection(path, paragraph(help), ...keys.map(keyItem))),
    ),
    section(
      "Presets",
      paragraph(
        `Known are ${presetNames.map((name) => `\`${name}\``).join(", ")}. Their options are listed in docs/configuration.md.`,
      ),
    ),
    section("Environment", ...environmentRules.map(paragraph)),
    section("Reload", paragraph(reloadRule)),
    section("Examples", verbatim(sampleYaml)),
    section(
      "Files",
      item(italic("/etc/loginmapd/loginmapd.yaml"), "The configuration."),
      item(italic("/usr/share/doc/loginmapd/loginmapd.example.yaml"), "Every key with its meaning."),
    ),
    section(
      "See also",
      paragraph(
        "`loginmapd(8)`, `postconf(5)`, `socketmap_table(5)`, `tcp_table(5)`, `mysql_table(5)`, `systemd.exec(5)`",
      ),
    ),
  );
}

function keyItem({ name, type, fallback, help, notes }: DocumentedKey): string {
  const presence = fallback === "required" ? "required" : fallback === "none" ? "optional" : `default ${fallback}`;
  return item(`${bold(name)} (${italic(type)}, ${presence.replaceAll("\\", "\\e")})`, [help, ...notes].join(" "));
}
