import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const completions = join(import.meta.dirname, "../../../deploy/completions");
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "loginmapd-completion-"));
  writeFileSync(join(directory, "senders.cf"), "");
  writeFileSync(join(directory, "two words.cf"), "");
  mkdirSync(join(directory, "postfix"));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe("bash", () => {
  /** Completes the last of the words, split as bash splits a line: = is a word of its own. */
  function complete(...words: string[]): string[] {
    const script = `source "$0/loginmapd.bash"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _loginmapd
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = execFileSync("bash", ["--norc", "-c", script, completions, "loginmapd", ...words], {
      cwd: directory,
      encoding: "utf8",
    });
    return output.split("\n").filter((line) => line !== "");
  }

  test("is told which function completes loginmapd", () => {
    const script = 'source "$0/loginmapd.bash"; complete -p loginmapd';
    expect(execFileSync("bash", ["--norc", "-c", script, completions], { encoding: "utf8" })).toBe(
      "complete -F _loginmapd loginmapd\n",
    );
  });

  test.each([
    [
      "every command",
      [""],
      ["serve", "check", "lookup", "query", "flush", "import", "doctor", "list", "audit", "completion"],
    ],
    ["a command", ["q"], ["query"]],
    ["global options before a command", ["--"], ["--config", "--no-color", "--help", "--version"]],
    ["a command after a global option with its value", ["-c", "x.yaml", "fl"], ["flush"]],
    ["a command after --config=FILE", ["--config", "=", "x.yaml", "fl"], ["flush"]],
    ["options of the command", ["flush", "--a"], ["--address", "--all"]],
    ["no option of another command", ["flush", "--prot"], []],
    ["global options after a command", ["flush", "--conf"], ["--config"]],
    ["the words that an option takes", ["query", "--protocol", ""], ["socketmap", "tcp_table"]],
    ["the words that an argument takes", ["completion", ""], ["bash", "zsh"]],
    ["the words of --option=value", ["query", "--protocol", "=", "t"], ["tcp_table"]],
    ["the words of --option= with nothing after it", ["query", "--protocol", "="], ["socketmap", "tcp_table"]],
    ["nothing for a value that cannot be known", ["query", "--server", ""], []],
    ["files for -c", ["-c", "s"], ["senders.cf"]],
    ["files with blanks in their names", ["serve", "--postfix-cf", "two"], ["two words.cf"]],
    ["files as arguments of import", ["import", "senders.cf", "tw"], ["two words.cf"]],
    ["nothing for an unknown command", ["frobnicate", ""], []],
  ])("completes %s", (_, words, expected) => {
    expect(complete(...words)).toEqual(expected);
  });
});

describe("zsh", () => {
  // A pseudo-terminal, since completion lives in the line editor. ^G writes the line down and empties it.
  const driver = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "cd $1; fpath=($2 \\$fpath); autoload -Uz compinit && compinit -u -D"
zpty -w shell "note() { print -r -- \\"\\$BUFFER\\" >> $3; BUFFER= }; zle -N note; bindkey '^G' note; bindkey '^I' complete-word"
zpty -w shell 'unsetopt beep auto_list; print READY_$((1 + 1))'
zpty -r -m shell output '*READY_2*'
for line in "\${@[4,-1]}"; do zpty -n -w shell "$line"$'\\t\\a'; done
zpty -w shell 'print DONE_$((1 + 1))'
zpty -r -m shell output '*DONE_2*'
zpty -d shell
`;

  const lines: readonly (readonly [rule: string, typed: string, completed: string])[] = [
    ["a command", "loginmapd qu", "loginmapd query "],
    ["a command after a global option", "loginmapd -c x.yaml fl", "loginmapd -c x.yaml flush "],
    ["an option of the command", "loginmapd query --prot", "loginmapd query --protocol="],
    ["a switch of the command", "loginmapd check --con", "loginmapd check --con"],
    ["a switch", "loginmapd check --conn", "loginmapd check --connect "],
    ["the words that an option takes", "loginmapd query --protocol tc", "loginmapd query --protocol tcp_table "],
    ["the words that an argument takes", "loginmapd completion z", "loginmapd completion zsh "],
    ["files for -c", "loginmapd -c sen", "loginmapd -c senders.cf "],
    ["files as arguments of import", "loginmapd import tw", "loginmapd import two\\ words.cf "],
    ["no option of another command", "loginmapd flush --prot", "loginmapd flush --prot"],
  ];
  let completed: string[];

  beforeAll(() => {
    const notes = join(directory, "notes");
    const args = ["-fc", driver, "driver", directory, completions, notes, ...lines.map(([, typed]) => typed)];
    execFileSync("zsh", args, {
      env: { ...process.env, TERM: "dumb", HOME: directory },
      timeout: 30_000,
      stdio: "pipe",
    });
    completed = readFileSync(notes, "utf8").split("\n");
  });

  test.each(lines.map((line, i) => [...line, i] as const))("completes %s", (_rule, _typed, expected, i) => {
    expect(completed[i]).toBe(expected);
  });
});
