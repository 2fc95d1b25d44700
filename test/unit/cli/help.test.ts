import { expect, test } from "vitest";
import { formatHelp } from "../../../src/cli/help.ts";
import { commands } from "../../../src/cli/options.ts";

test("the help of the program lists commands and global options", () => {
  expect(formatHelp()).toBe(`Usage: loginmapd COMMAND [options]

Answers Postfix's smtpd_sender_login_maps from a mail database.

Commands:
  serve       Run the daemon.
  check       Check the configuration.
  lookup      Explain who owns an address.
  query       Ask a running server over the wire.
  flush       Forget answers in the cache of the running server.
  import      Print the configuration equivalent to Postfix table files.
  doctor      Say what does not fit between Postfix's configuration and ours.
  list        List what a login may send as, and why.
  audit       Say whom the map would have refused, by Postfix's log.
  completion  Print what lets a shell complete loginmapd.

Options:
  -c, --config FILE  The configuration file; else $LOGINMAPD_CONFIG, else
                     /etc/loginmapd/loginmapd.yaml.
      --no-color     Print without colours; so does $NO_COLOR, or output that
                     is no terminal.
  -h, --help         Print help, of the command when one is named.
  -V, --version      Print the version.

loginmapd COMMAND --help tells more of a command; loginmapd(8) and
loginmapd.yaml(5) tell everything.
`);
});

test("the help of an unknown command is that of the program", () => {
  expect(formatHelp("frobnicate")).toBe(formatHelp());
});

test("the help of a command lists arguments, options, exit codes and examples", () => {
  expect(formatHelp("query")).toBe(`Usage: loginmapd query MAP KEY [options]

Sends one query as Postfix would and prints the owners: the twin of postmap -q.

Arguments:
  MAP  The map; a tcp_table server has only its own and is not told.
  KEY  What is looked up, an address.

Options:
      --server ENDPOINT    Where the server listens; else the first listener of
                           the configuration that speaks the protocol.
      --protocol PROTOCOL  What it speaks, socketmap or tcp_table; else
                           socketmap.
  -c, --config FILE        The configuration file; else $LOGINMAPD_CONFIG, else
                           /etc/loginmapd/loginmapd.yaml.
      --no-color           Print without colours; so does $NO_COLOR, or output
                           that is no terminal.
  -h, --help               Print help, of the command when one is named.
  -V, --version            Print the version.

Exit codes:
  0   Done.
  1   Not found.
  64  The command line is wrong.
  69  A server or a source cannot be reached.
  70  A defect of loginmapd; the message says where.
  75  The server says to try again later.
  78  The configuration is wrong; every problem is named.

Examples:
  loginmapd query senders alice@example.com --server inet:127.0.0.1:9000
`);
});

test.each(commands)("the help of $name fits a terminal of 80 columns, examples apart", ({ name }) => {
  const [text = ""] = formatHelp(name).split("\nExamples:");
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThan(80);
  expect(text).not.toMatch(/ $/m);
});
