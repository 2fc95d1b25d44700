/** What is known of a stack: who owns what in its example rows, by its own query and by our preset. */
import type { PresetOptions } from "../../../../src/source/presets/preset.ts";

/** Address → owners. */
export type Owners = Readonly<Record<string, string>>;

/** What one preset answers with some options. */
interface PresetCase {
  readonly options: PresetOptions;
  readonly want: Owners;
}

/** One stack on MySQL or MariaDB. */
export interface Stack {
  readonly name: string;
  readonly presets: readonly PresetCase[];
  /** Every domain that the preset lists with the options of its first case. */
  readonly domains: readonly string[];
  /** Tables that the preset reads without an index, since the stack's schema has none, by role. */
  readonly scans?: Readonly<Partial<Record<"address" | "domain" | "grant", readonly string[]>>>;
  /** The stack's own table file, without the connection, and what Postfix answers with it. */
  readonly shipped?: { readonly cf: string; readonly owners: Owners };
}
