/** Temporary directories that other accounts (postfix, dovecot) can walk through. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own for one test, gone with `remove`. */
export interface TestDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes a directory of mode 0755: mkdtemp's 0700 would keep Postfix, which runs as `postfix`, out of it. */
export async function makeDirectory(prefix: string): Promise<TestDirectory> {
  const path = await mkdtemp(join(tmpdir(), `loginmapd-${prefix}-`));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
