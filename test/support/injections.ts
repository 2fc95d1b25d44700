/**
 * Keys that would do something if they ever became part of a statement, a pattern or a filter: each closes a kind of literal or
 * comment that some database has. In lower case, as keys are folded; none is an address that a test's rows have.
 */
// biome-ignore format: a list of words
export const injections: readonly string[] = [
  "' or 1=1 -- @example.com", "alice@example.com' or '1'='1", "' or '1'='1@example.com", "x' or 'x'='x", "';--@example.com",
  "alice@example.com'; drop table people; --", "'; drop table addresses; -- @example.com", "alice@example.com; drop table addresses",
  "alice@example.com'||'", "alice@example.com'/*", "*/ or 1=1 /*@example.com", "') or ('1'='1@example.com", "')) or 1=1 -- @example.com",
  "\\' or 1=1 -- @example.com", "\\' or 1=1 #@example.com", "\\\\' or 1=1 -- @example.com", "\\", "\\@example.com", "x\\'@example.com",
  "' union select owner from people -- @example.com", "' union all select login from logins where '1'='1@example.com",
  "$$ or 1=1 -- @example.com", "$$||$$@example.com", "$q$ or $q$@example.com", "$1", "$1@example.com", "?", "?@example.com", ":email", ":email@example.com",
  "\" or 1=1 -- @example.com", "`x`@example.com", "e'x'@example.com", "u&'x'@example.com", "n'x'@example.com", "_utf8'x'@example.com", "0x616c@example.com",
  "'+(select 1)+'@example.com", "'||(select owner from people limit 1)||'@example.com", "' and pg_sleep(9) is null -- @example.com", "' and sleep(9) -- @example.com",
  "%@example.com", "_lice@example.com", "%", "*@example.com", "alice@%", "alice@*", "[a-z]lice@example.com", "^alice@example.com$", ".*@example.com",
  "*)(uid=*@example.com", "ａlice@example.com", "alice＇@example.com", "{}@example.com", "{x}", "null", "true@example.com", "1=1@example.com",
];
