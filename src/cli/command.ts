/** The command line is wrong: exit 64, with this message. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
