/** The command line: finds the command, reads its options, and turns what it throws into a message and an exit code. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { ConfigError, formatProblem } from "../model/errors.ts";
import { type ExitCode, exitCode } from "../system/program.ts";
import { type Command, type CommandLine, UsageError } from "./command.ts";
import type { CommandSpec } from "./command-spec.ts";
import { joinDashedValues } from "./dashed-values.ts";
import { formatHelp, formatUsage } from "./help.ts";
import { commands, findCommand, parseArgsOptions } from "./options.ts";

/** Loads a command when it runs: the daemon needs no doctor, and `query` no database driver. */
async function load(name: string): Promise<Command | undefined> {
  if (name === "serve") return (await import("./serve.ts")).serveCommand;
  return (await import("./commands.ts")).commandsBesideServe[name];
}

/**
 * Runs the program.
 *
 * @param args without the interpreter and the script
 * @returns the exit code; nothing is thrown but what is a defect, and that is printed with its stack
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  try {
    return await runCommand(args);
  } catch (error) {
    return complain(error);
  }
}

async function runCommand(args: readonly string[]): Promise<ExitCode> {
  const name = args.find((arg) => !arg.startsWith("-"));
  const spec = name === undefined ? undefined : findCommand(name);
  // The name of the command may follow global options: `loginmapd -c FILE check`.
  const { options, positionals } = parseLine(args, spec ?? commandAfterConfig(args));
  if (options["version"] === true) return printVersion();
  if (options["help"] === true) return print(formatHelp(positionals[0]));
  const [commandName, ...rest] = positionals;
  if (commandName === undefined) throw new UsageError(`a command is missing: ${names()}`);
  const command = findCommand(commandName);
  if (command === undefined) throw new UsageError(`no command "${commandName}": ${names()}`);
  checkPositionals(command, rest);
  const runs = await load(commandName);
  // A command of the table without code is a defect, and a test of the table would have named it.
  if (runs === undefined) throw new Error(`nothing runs ${commandName}`);
  return runs({ options, positionals: rest });
}

/** Finds the command when the first word is the value of a global option. */
function commandAfterConfig(args: readonly string[]): CommandSpec | undefined {
  return args.map((arg) => findCommand(arg)).find((spec) => spec !== undefined);
}

function parseLine(args: readonly string[], spec: CommandSpec | undefined): CommandLine {
  const config: ParseArgsConfig = {
    args: joinDashedValues(args, spec),
    options: parseArgsOptions(spec),
    allowPositionals: true,
    strict: true,
  };
  try {
    const { values, positionals } = parseArgs(config);
    return { options: values, positionals };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    // parseArgs explains at length how to pass a positional that begins with a dash; the first sentence is what is wrong.
    const [sentence = ""] = words.split(". ");
    const [, option, value] = /use '(--[\w-]+)=(\S+)'/.exec(words) ?? [];
    const message =
      option === undefined ? sentence : `${option} needs a value; one that is an option is written ${option}=${value}`;
    throw new UsageError(spec === undefined ? message : `${message} (${formatUsage(spec)})`);
  }
}

function checkPositionals(command: CommandSpec, given: readonly string[]): void {
  const wanted = command.positionals;
  const mayRepeat = wanted.some(({ isRepeatable }) => isRepeatable === true);
  const needed = wanted.filter(({ isOptional }) => isOptional !== true);
  if (given.length < needed.length || (given.length > wanted.length && !mayRepeat)) {
    throw new UsageError(`usage: ${formatUsage(command)}`);
  }
}

async function printVersion(): Promise<ExitCode> {
  const { packageVersion } = await import("../system/program.ts");
  return print(`loginmapd ${packageVersion()}\n`);
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return exitCode.ok;
}

function names(): string {
  return `one of ${commands.map(({ name }) => name).join(", ")} (loginmapd --help)`;
}

function complain(error: unknown): ExitCode {
  if (error instanceof UsageError) {
    process.stderr.write(`loginmapd: ${error.message}\n`);
    return exitCode.usage;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) process.stderr.write(`loginmapd: ${formatProblem(problem)}\n`);
    return exitCode.configuration;
  }
  process.stderr.write(`loginmapd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCode.internal;
}
