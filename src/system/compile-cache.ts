/** What V8 compiled at the last start, kept on disk for the next one: Node 22.8 and newer can. */
import module from "node:module";
import { userInfo } from "node:os";
import { join } from "node:path";

/** `module.enableCompileCache` of Node 22.8 and newer: an own folder in the one given, for each version of Node and of V8. */
type EnableCompileCache = (folder: string) => unknown;

/**
 * Has Node keep compiled code, where it can. Nothing fails without: a folder that cannot be written is not used.
 *
 * It must lie where nobody else can write, since what is read from it is run: with systemd in the unit's `CacheDirectory=`,
 * else below the account's home as the system knows it, never as `HOME` says it. `NODE_COMPILE_CACHE` and
 * `NODE_DISABLE_COMPILE_CACHE` (node(1)) go before.
 */
export function keepCompiled(env: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = module as { readonly enableCompileCache?: EnableCompileCache };
  if (enableCompileCache === undefined || env["NODE_COMPILE_CACHE"] !== undefined) return;
  enableCompileCache(compileCacheFolder(env["CACHE_DIRECTORY"], userInfo().homedir));
}

/**
 * Where compiled code is kept.
 *
 * @param cacheDirectory as systemd passes `CacheDirectory=`: one or several paths, with colons between (systemd.exec(5))
 * @param home the home directory of the account
 */
export function compileCacheFolder(cacheDirectory: string | undefined, home: string): string {
  const [own = ""] = (cacheDirectory ?? "").split(":");
  return own === "" ? join(home, ".cache", "loginmapd", "compiled") : join(own, "compiled");
}
