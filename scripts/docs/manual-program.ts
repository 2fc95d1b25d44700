/** Writes docs/man/loginmapd.8. */

import type { CommandSpec, OptionSpec } from "../../src/cli/command-spec.ts";
import { formatUsage } from "../../src/cli/help.ts";
import { commands, commonExits, globalOptions, programSummary } from "../../src/cli/options.ts";
import { bold, italic, item, page, paragraph, section, subsection, title, verbatim } from "./roff.ts";

/** Gives the source of the page. */
export function programManual(): string {
  return page(
    title("loginmapd", 8, "System manager's manual"),
    section("Name", "loginmapd \\- who may send as this address, for Postfix"),
    section("Synopsis", ".B loginmapd", `${italic("COMMAND")} [${italic("options")}]`),
    section(
      "Description",
      paragraph(
        `${programSummary} Postfix asks with each sender which SASL logins own the address; a sender who logged in as somebody else is refused. The answers come over the protocols of \`socketmap_table(5)\` and \`tcp_table(5)\`, are cached, and outlive a short failure of the database.`,
      ),
      paragraph("In `main.cf`, with a restriction that uses it, before any that permits:"),
      verbatim(
        "smtpd_sender_login_maps = socketmap:inet:127.0.0.1:9000:senders\nsmtpd_sender_restrictions = reject_authenticated_sender_login_mismatch, ...",
      ),
      paragraph(
        "A failure never looks like an answer: when the owners of an address cannot be told, Postfix hears so and answers 451, and the client tries again.",
      ),
    ),
    section("Commands", ...commands.map(commandSection)),
    section("Global options", ...globalOptions.map(optionItem)),
    section("Exit status", ...exits(allExits())),
    section("Signals", ...signals.map(([names, text]) => item(bold(names), text))),
    section("Environment", ...environment.map(([name, text]) => item(bold(name), text))),
    section("Files", ...files.map(([name, text]) => item(italic(name), text))),
    section("Security", ...security.map(paragraph)),
    section("Bugs and limits", ...limits.map(paragraph)),
    section(
      "See also",
      paragraph(
        "`loginmapd.yaml(5)`, `postconf(5)`, `socketmap_table(5)`, `tcp_table(5)`, `mysql_table(5)`, `postmap(1)`, `systemd.socket(5)`",
      ),
    ),
  );
}

const signals: readonly (readonly [string, string])[] = [
  [
    "SIGTERM, SIGINT",
    "Stop accepting, answer what is in flight, close, exit 0 within `limits.drain_timeout`. A second one exits at once.",
  ],
  ["SIGHUP", "Read the configuration again. One with a problem changes nothing, and the log says why."],
];

const environment: readonly (readonly [string, string])[] = [
  ["LOGINMAPD_CONFIG", "The configuration file, when no `-c` names one."],
  ["LOGINMAPD_SECTION__KEY", "Overrides one key of the configuration; see `loginmapd.yaml(5)`."],
  ["NO_COLOR", "When set and not empty: no colours."],
  ["CREDENTIALS_DIRECTORY", "Where systemd keeps what `credential:NAME` names."],
  ["NOTIFY_SOCKET, WATCHDOG_USEC", "Set by systemd: readiness, reload, stop and watchdog are told there."],
  [
    "LISTEN_FDS, LISTEN_PID",
    "Set by systemd: listening sockets that are used in place of new ones, so that a restart refuses no connection.",
  ],
];

const files: readonly (readonly [string, string])[] = [
  ["/etc/loginmapd/loginmapd.yaml", "The configuration; see `loginmapd.yaml(5)`."],
];

const security: readonly string[] = [
  "The lookup protocols have no authentication and no encryption: whoever reaches a listener can ask who owns an address. Listen on 127.0.0.1, or on a unix socket of mode 0660 whose group is Postfix's.",
  "The database account needs SELECT and nothing else. Keys are bound as parameters and never become SQL. Addresses and logins are logged at level debug only, secrets never.",
  "Without a token the admin endpoint shows metrics and health, and refuses to change or reveal anything else. It speaks plain HTTP: keep it on this machine.",
];

const limits: readonly string[] = [
  "A login that holds a comma or white space cannot be an owner: Postfix splits owners there.",
  "A list of owners over the limit of the protocol (100000 bytes for socketmap, 4091 for tcp_table) is a temporary failure, never cut short.",
  "`proxy:socketmap:` works, but `proxymap(8)` asks one query at a time for all of Postfix: name the map directly.",
  "When the server is away, a tcp_table client of Postfix blocks for some 10 seconds before it gives up; a socketmap client fails at once. Prefer socketmap.",
];

function commandSection(command: CommandSpec): string {
  const { name, description, positionals, options, exits: own, examples } = command;
  return subsection(
    name,
    `${bold(formatUsage(command).replace(/ \[options\]$/, ""))} [${italic("options")}]`,
    ...description.map(paragraph),
    ...positionals.map((spec) => item(italic(spec.name), spec.help)),
    ...options.map(optionItem),
    ...(own.length === 0 ? [] : [paragraph("Beside the common exit codes:"), ...exits(own)]),
    ...(examples.length === 0 ? [] : [verbatim(examples.join("\n"))]),
  );
}

function optionItem({ name, short, value, help, isRepeatable }: OptionSpec): string {
  const forms = [...(short === undefined ? [] : [bold(`-${short}`)]), bold(`--${name}`)].join(", ");
  const term = value === undefined ? forms : `${forms} ${italic(value)}`;
  return item(term, isRepeatable ? `${help} Can be given several times.` : help);
}

type Exit = readonly [code: number, meaning: string];

function exits(list: readonly Exit[]): string[] {
  return list.map(([code, meaning]) => item(bold(String(code)), meaning));
}

/** The common codes, and those of single commands with the command's name. */
function allExits(): Exit[] {
  const own = commands.flatMap(({ name, exits: list }) =>
    list.map(([code, meaning]): Exit => [code, `\`${name}\`: ${meaning}`]),
  );
  return [...commonExits, ...own].toSorted(([a], [b]) => a - b);
}
