/**
 * The command line as a table: every command with its options, exit codes and examples.
 *
 * node:util's parseArgs, `--help`, loginmapd(8) and the shell completions all follow from it.
 */
import type { ParseArgsConfig } from "node:util";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { configurationOptions, jsonOption, mapOption } from "./shared-options.ts";

/** What the program says of itself in one line. */
export const programSummary = "Answers Postfix's smtpd_sender_login_maps from a mail database.";

/** Options of every command. */
export const globalOptions: readonly OptionSpec[] = [
  {
    name: "config",
    short: "c",
    value: "FILE",
    help: "The configuration file; else $LOGINMAPD_CONFIG, else /etc/loginmapd/loginmapd.yaml.",
    completion: "file",
  },
  { name: "no-color", help: "Print without colours; so does $NO_COLOR, or output that is no terminal." },
  { name: "help", short: "h", help: "Print help, of the command when one is named." },
  { name: "version", short: "V", help: "Print the version." },
];

/** Exit codes that every command may end with; they follow sysexits(3). */
export const commonExits: readonly (readonly [code: number, meaning: string])[] = [
  [0, "Done."],
  [64, "The command line is wrong."],
  [69, "A server or a source cannot be reached."],
  [70, "A defect of loginmapd; the message says where."],
  [78, "The configuration is wrong; every problem is named."],
];

const serve: CommandSpec = {
  name: "serve",
  summary: "Run the daemon.",
  description: [
    "Listens where the configuration says, answers lookups, and serves metrics and health over HTTP. Stays in the foreground and logs to stderr, one line per event.",
    "Without a configuration file it can serve the built-in demo (--demo), or the table files that a Postfix already uses (--postfix-cf): all files together are the map senders, asked as Postfix asks a list of tables, and each is also a map under its own name without .cf. Such a trial goes on without the admin endpoint where 127.0.0.1:9100 is taken, unless LOGINMAPD_ADMIN__ENDPOINT asks for one.",
  ],
  positionals: [],
  options: [
    ...configurationOptions,
    {
      name: "listen",
      value: "ENDPOINT",
      isRepeatable: true,
      help: "With --postfix-cf: where to listen, as socketmap unless tcp_table: or milter: stands before it; else inet:127.0.0.1:9000.",
    },
  ],
  exits: [],
  examples: [
    "loginmapd serve --demo",
    "loginmapd serve --postfix-cf /etc/postfix/mysql-sender_login_maps.cf --listen inet:127.0.0.1:9000",
  ],
};

const check: CommandSpec = {
  name: "check",
  summary: "Check the configuration.",
  description: [
    "Reads the configuration and the environment, names every problem at once with its place, and prints the effective configuration. Secrets are not printed.",
  ],
  positionals: [],
  options: [
    ...configurationOptions,
    {
      name: "connect",
      help: "Also open every source, prepare every query, say whether it uses an index, and list the source once; of a directory, which indexes it should have.",
    },
  ],
  exits: [],
  examples: ["loginmapd check", "loginmapd check --connect --config ./loginmapd.yaml"],
};

const lookup: CommandSpec = {
  name: "lookup",
  summary: "Explain who owns an address.",
  description: [
    "Asks the sources directly and tells each key that is tried in order, which role and source answered, and the owners. With --login it also tells what each of Postfix's four reject_*_sender_login_mismatch restrictions would answer.",
    "With --message it tells what a milter listener (protocol: milter) would say of a message that LOGIN sends: every address that its header claims, who owns it, and the verdict. ADDRESS is then the envelope sender; left out, only the header is looked at. The exit code is 0 also when the message would be refused.",
  ],
  positionals: [
    { name: "ADDRESS", isOptional: true, help: "The sender address. Needed, unless there is a --message." },
  ],
  options: [
    ...configurationOptions,
    mapOption,
    {
      name: "login",
      value: "LOGIN",
      help: "The SASL login that wants to send; empty for a client that is not logged in.",
    },
    {
      name: "message",
      value: "FILE",
      help: "A message, or - for standard input; needs --login.",
      completion: "file",
    },
    jsonOption,
  ],
  exits: [],
  examples: [
    "loginmapd lookup alice+news@example.com --login bob@example.com",
    "loginmapd lookup --message forged.eml --login bob@example.com",
  ],
};

const query: CommandSpec = {
  name: "query",
  summary: "Ask a running server over the wire.",
  description: ["Sends one query as Postfix would and prints the owners: the twin of postmap -q."],
  positionals: [
    { name: "MAP", help: "The map; a tcp_table server has only its own and is not told." },
    { name: "KEY", help: "What is looked up, an address." },
  ],
  options: [
    {
      name: "server",
      value: "ENDPOINT",
      help: "Where the server listens; else the first listener of the configuration that speaks the protocol.",
    },
    {
      name: "protocol",
      value: "PROTOCOL",
      help: "What it speaks, socketmap or tcp_table; else socketmap.",
      completion: ["socketmap", "tcp_table"],
    },
  ],
  exits: [
    [1, "Not found."],
    [75, "The server says to try again later."],
  ],
  examples: ["loginmapd query senders alice@example.com --server inet:127.0.0.1:9000"],
};

const flush: CommandSpec = {
  name: "flush",
  summary: "Forget answers in the cache of the running server.",
  description: [
    "Calls the admin endpoint of the configuration with its token. Exactly one of --address, --domain, --login and --all says what to forget. A forgotten answer is never served again, not even while the database is down.",
  ],
  positionals: [],
  options: [
    { name: "address", value: "ADDRESS", help: "One address, with every extension of it." },
    { name: "domain", value: "DOMAIN", help: "Every address of a domain." },
    { name: "login", value: "LOGIN", help: "Every address that a SASL login owns." },
    { name: "all", help: "Everything." },
    { name: "map", value: "MAP", help: "Only in this map; else in all." },
  ],
  exits: [],
  examples: ["loginmapd flush --address alice@example.com", "loginmapd flush --all --map senders"],
};

const importCommand: CommandSpec = {
  name: "import",
  summary: "Print the configuration equivalent to Postfix table files.",
  description: [
    "Reads mysql_table(5), pgsql_table(5), sqlite_table(5), ldap_table(5) and texthash: files and prints the YAML that answers alike: one map of all of them, in the order given. A type that the name of the file or its parameters do not tell stands before it, as in main.cf (texthash:/etc/postfix/senders). Every difference and every unknown parameter stands as a comment in the YAML and on stderr.",
  ],
  positionals: [{ name: "FILE", isRepeatable: true, help: "A table file of Postfix.", completion: "file" }],
  options: [],
  exits: [],
  examples: ["loginmapd import /etc/postfix/mysql-sender_login_maps.cf > loginmapd.yaml"],
};

const doctor: CommandSpec = {
  name: "doctor",
  summary: "Say what does not fit between Postfix's configuration and ours.",
  description: [
    "Reads Postfix's configuration through postconf(1), asks the daemon and Dovecot's auth socket, looks at sockets, accounts and access tables, and prints what does not fit, worst first: what it is, what comes of it, and the line to change. A parameter has one line for all its findings: after every line that is printed, the doctor has nothing more to say. The last line tells what was looked at and what was not.",
    "CRITICAL: senders are not checked. ERROR: mail that is right is refused, or nobody can log in. WARNING: some addresses or clients are judged wrongly. NOTICE: no harm today.",
  ],
  positionals: [],
  options: [
    ...configurationOptions,
    {
      name: "postfix-config",
      value: "DIR",
      help: "Where main.cf and master.cf are; else Postfix's own configuration directory.",
      completion: "directory",
    },
    jsonOption,
  ],
  exits: [[1, "Something does not fit."]],
  examples: ["loginmapd doctor", "loginmapd doctor --postfix-config /etc/postfix-out --json"],
};

const list: CommandSpec = {
  name: "list",
  summary: "List what a login may send as, and why.",
  description: [
    "Lists the sources of the map and prints everything that LOGIN may send as, with the reason: address, alias, catch-all (@domain) or grant (an address, @domain, or * for everything). Without LOGIN it prints the whole map, with the login after each key. Where the map has several sources, the last column is the source that says so. It goes by combine, login_realm and the forms of owners as lookup does: a login is told only where lookup would let it pass. A grant to a domain or to everything is told once, at @domain or *. The sources need a preset, or queries.listing.",
    "With --format texthash it prints the map as a texthash: file for Postfix: each line names everybody who may send as its key. An address that keeps a catch-all away and has no owner is given to the login <nobody>.",
  ],
  positionals: [{ name: "LOGIN", isOptional: true, help: "A SASL login, compared caselessly; else everybody." }],
  options: [
    ...configurationOptions,
    mapOption,
    { name: "domain", value: "DOMAIN", help: "Only addresses of this domain, and grants to everything." },
    {
      name: "format",
      value: "FORMAT",
      help: "How to print: text, json or texthash; else text.",
      completion: ["text", "json", "texthash"],
    },
  ],
  exits: [],
  examples: ["loginmapd list alice@example.com", "loginmapd list --format texthash > /etc/postfix/senders"],
};

const audit: CommandSpec = {
  name: "audit",
  summary: "Say whom the map would have refused, by Postfix's log.",
  description: [
    "Reads Postfix's mail log and judges every message that a login sent by the configuration of now, as reject_authenticated_sender_login_mismatch would. Prints the pairs of login and sender that would be refused, most messages first: how often, when last, who owns the address, and a line that would allow it, for the mail database where the preset has grants, else for a texthash: table. Then the totals.",
    "Takes logs of syslog, journalctl and postlogd, plain or gzip, in any order, and those of several hosts in one. What the map refused, and what warn_if_reject logged, counts as well. Each sender is asked for once, straight at the source; nothing is sent to a running server.",
  ],
  positionals: [
    {
      name: "FILE",
      isRepeatable: true,
      isOptional: true,
      help: "Logs, or - for standard input; else /var/log/mail.log or /var/log/maillog.",
      completion: "file",
    },
  ],
  options: [
    ...configurationOptions,
    mapOption,
    {
      name: "since",
      value: "TIME",
      help: "Count from then on: 2026-11-01, 2026-11-01T08:00, or 7d for the last seven days.",
    },
    jsonOption,
  ],
  exits: [[1, "Somebody would be refused."]],
  examples: ["loginmapd audit /var/log/mail.log*", "journalctl -u 'postfix*' | loginmapd audit - --since 7d --json"],
};

const completion: CommandSpec = {
  name: "completion",
  summary: "Print what lets a shell complete loginmapd.",
  description: [
    'Prints the completions of commands, options and their values for a shell. The Debian package has them in place. After npm install -g, write them once to where the shell looks for them: for bash that is /usr/local/share/bash-completion/completions/loginmapd, for zsh the file _loginmapd in a directory of $fpath. Or let ~/.bashrc say: eval "$(loginmapd completion bash)".',
  ],
  positionals: [{ name: "SHELL", help: "bash or zsh.", completion: ["bash", "zsh"] }],
  options: [],
  exits: [],
  examples: ["loginmapd completion bash > /usr/local/share/bash-completion/completions/loginmapd"],
};

/** Every command, in the order of help. */
export const commands: readonly CommandSpec[] = [
  serve,
  check,
  lookup,
  query,
  flush,
  importCommand,
  doctor,
  list,
  audit,
  completion,
];

/** Finds a command by name. */
export function findCommand(name: string): CommandSpec | undefined {
  return commands.find((command) => command.name === name);
}

/** Gives the options of a command, or of none, in the form that node:util's parseArgs takes. */
export function parseArgsOptions(command: CommandSpec | undefined): NonNullable<ParseArgsConfig["options"]> {
  const specs = [...(command?.options ?? []), ...globalOptions];
  return Object.fromEntries(
    specs.map(({ name, short, value, isRepeatable }) => [
      name,
      {
        type: value === undefined ? "boolean" : "string",
        multiple: isRepeatable ?? false,
        ...(short !== undefined && { short }),
      },
    ]),
  );
}
