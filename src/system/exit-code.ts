/** Exit codes of every command, after sysexits(3); `query` adds postmap's 1 for "not found" and 75 for "try again", `doctor` and `audit` 1 for findings. */
export const exitCode = {
  ok: 0,
  notFound: 1,
  findings: 1,
  usage: 64,
  unavailable: 69,
  internal: 70,
  temporary: 75,
  configuration: 78,
} as const;

/** One of them. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
