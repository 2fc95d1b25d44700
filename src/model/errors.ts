/**
 * Every coded error of loginmapd.
 *
 * Three families, because three parties can be at fault: the peer (ProtocolError), the database (SourceError) and the
 * administrator's configuration (ConfigError). Anything else that is thrown is a bug. `docs/errors.md` lists the codes;
 * a test compares the two.
 */

/** What a peer did wrong on the wire; the position in the stream is lost unless the frame itself was intact. */
export type ProtocolErrorCode =
  | "ERR_NETSTRING_LENGTH"
  | "ERR_NETSTRING_TOO_LARGE"
  | "ERR_NETSTRING_TERMINATOR"
  | "ERR_LINE_TOO_LONG"
  | "ERR_NOT_A_GET"
  | "ERR_QUERY_TOO_LARGE"
  | "ERR_MILTER_LENGTH"
  | "ERR_MILTER_TOO_LARGE"
  | "ERR_MILTER_COMMAND"
  | "ERR_MILTER_PAYLOAD"
  | "ERR_MILTER_ORDER"
  | "ERR_MILTER_VERSION"
  | "ERR_FRAME_TIMEOUT";

/** Why a source gave no answer. */
export type SourceErrorCode =
  /** No host could be reached, or the connection broke: another host, or a later try, may answer. */
  | "ERR_SOURCE_UNAVAILABLE"
  /** A deadline passed before the database answered. */
  | "ERR_SOURCE_TIMEOUT"
  /** The database refused the statement: SQL, rights, a missing table. The host is alive. */
  | "ERR_SOURCE_SQL"
  /** The answer breaks a bound that the configuration sets (expansion_limit, require_result_set). */
  | "ERR_SOURCE_RESULT"
  /** More lookups wait for the source than may wait. */
  | "ERR_SOURCE_OVERLOAD"
  /** The source is being closed. */
  | "ERR_SOURCE_CLOSED";

/** What is wrong with the configuration as a whole. */
export type ConfigErrorCode = "ERR_CONFIG_INVALID" | "ERR_CONFIG_UNREADABLE";

/** Every code, as `docs/errors.md` documents them. */
export type ErrorCode = ProtocolErrorCode | SourceErrorCode | ConfigErrorCode;

/** An error that loginmapd expects, told apart by its stable `code`. */
export abstract class CodedError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A peer broke the framing or a limit: it is told once, then its connection is closed. */
export class ProtocolError extends CodedError<ProtocolErrorCode> {}

/**
 * A source could not answer. Never turned into "no owners": Postfix is told to try again later.
 *
 * The message is for the log and may name hosts; it never reaches a client and never holds a key, a parameter or a secret.
 */
export class SourceError extends CodedError<SourceErrorCode> {
  /** Which of several sources of a map it was, as the configuration names it; told by whoever asks them. */
  source: string | undefined = undefined;
}

/** Says which source threw an error, and gives the error back. */
export function blame(error: unknown, source: string): unknown {
  if (error instanceof SourceError) error.source ??= source;
  return error;
}

/** One thing that is wrong with the configuration, and where. */
export interface ConfigProblem {
  /** Dotted path of the key (`cache.ttl`), or the empty string for the file as a whole. */
  readonly path: string;
  /** What was expected and what was found, in one sentence without the path. */
  readonly message: string;
  /** File and 1-based line, or the environment variable, that holds the value, when known. */
  readonly where?: string;
}

/** All problems of a configuration at once; the daemon does not start (exit 78) or keeps its old configuration. */
export class ConfigError extends CodedError<ConfigErrorCode> {
  readonly problems: readonly ConfigProblem[];

  constructor(code: ConfigErrorCode, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(code, problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** Writes a problem as the one line an administrator reads: `cache.ttl: expected … (loginmapd.yaml line 12)`. */
export function formatProblem(problem: ConfigProblem): string {
  const path = problem.path === "" ? "" : `${problem.path}: `;
  const where = problem.where === undefined ? "" : ` (${problem.where})`;
  return `${path}${problem.message}${where}`;
}
