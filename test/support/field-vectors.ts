/** Reads `test/vectors/from-fields.tsv`: header fields and the addresses that they show. */
import { readFileSync } from "node:fs";

/** One row. */
export interface FieldVector {
  readonly id: string;
  /** The rule that the row holds, as a fact. */
  readonly rule: string;
  readonly field: string;
  /** `undefined` when the field cannot be read. */
  readonly addresses: readonly string[] | undefined;
}

export function fieldVectors(): FieldVector[] {
  const text = readFileSync(new URL("../vectors/from-fields.tsv", import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [id, rule, field, addresses, ...more] = line.split("\t");
      if (addresses === undefined || more.length > 0) throw new Error(`from-fields.tsv: not four columns: ${line}`);
      return {
        id: id as string,
        rule: rule as string,
        field: JSON.parse(field as string),
        addresses: JSON.parse(addresses) ?? undefined,
      };
    });
}
