/** The preset for loginmapd's own schema, `sql/native/`. */
import { definePreset } from "./preset.ts";

/** Our own schema: domains, logins, addresses, catch-alls and send-as grants; MySQL, MariaDB and SQLite. */
export const native = definePreset({
  name: "native",
  title: "loginmapd's own schema (sql/native/)",
  drivers: ["mysql", "sqlite"],
  roles: ["address", "domain", "grant", "domains"],
});
