/** What errors of the operating system mean, in words for an administrator (errno(3), getaddrinfo(3)). */

/** The code of an error of the system, such as ENOENT; `undefined` for anything else. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

const fileWords: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of its path is no directory",
  ELOOP: "too many symbolic links",
  EFBIG: "it is far too large",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8",
};

/** Says why a file could not be read or written, without what it holds. */
export function fileReason(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? "it cannot be read" : (fileWords[code] ?? code);
}

const connectionWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "host name not found",
  EAI_AGAIN: "name server not reachable",
  ENOENT: "no such socket",
  EACCES: "no permission to use the socket",
  EAGAIN: "too many connections wait at the socket",
};

/** Says why a connection could not be had or broke; `undefined` for a code that is none of the system's. */
export function connectionReason(code: string): string | undefined {
  return connectionWords[code];
}

const listenWords: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOENT: "the directory does not exist",
};

/** Says why an endpoint cannot be listened on. */
export function listenReason(error: unknown): string {
  const words = listenWords[codeOf(error) ?? ""];
  return words ?? (error instanceof Error ? error.message : String(error));
}

/** An endpoint that cannot be listened on. */
export class ListenError extends Error {
  readonly endpoint: string;
  /** Why, without the endpoint. */
  readonly reason: string;

  constructor(endpoint: string, reason: string, options?: ErrorOptions) {
    super(`cannot listen on ${endpoint}: ${reason}`, options);
    this.name = "ListenError";
    this.endpoint = endpoint;
    this.reason = reason;
  }
}
