/** Which values of an entry count, by the attribute that they are in (dict_ldap.c, Postfix 3.7). */

/** An attribute as a server sends it; a value that is not UTF-8 stays bytes. */
export interface Attribute {
  /** With its options: `description;lang-de`. */
  readonly type: string;
  readonly values: readonly (string | Buffer)[];
}

/** The attributes that a table takes its results from, by what they mean. Names are caseless. */
export interface ResultAttributes {
  /** Of every entry. */
  readonly result: readonly string[];
  /** Of entries that lead to no others. */
  readonly leaf: readonly string[];
  /** An entry that has one yields these alone, and is not followed. */
  readonly terminal: readonly string[];
  /** DNs and LDAP URLs of the entries to go on with. */
  readonly special: readonly string[];
}

/** What a table makes of an attribute; an attribute in two lists counts by the first in this order. */
export type AttributeUse = keyof ResultAttributes;

const uses: readonly AttributeUse[] = ["terminal", "leaf", "result", "special"];

/** Every attribute that a search asks for. */
export function requestedAttributes(attributes: ResultAttributes): string[] {
  return [...new Set(uses.flatMap((use) => attributes[use]))];
}

/** What the table makes of an attribute that was sent; `undefined` for one that was not asked for. */
export function useOf(type: string, attributes: ResultAttributes): AttributeUse | undefined {
  return uses.find((use) => attributes[use].some((wanted) => isSubtype(type, wanted)));
}

/** Whether an attribute is the wanted one, or that with more options: `mail;lang-de` is a `mail` (RFC 4512, section 2.5). */
export function isSubtype(type: string, wanted: string): boolean {
  const [name, ...options] = type.toLowerCase().split(";");
  const [wantedName, ...wantedOptions] = wanted.toLowerCase().split(";");
  return name === wantedName && wantedOptions.every((option) => options.includes(option));
}

/** What is left to ask of an attribute that Active Directory sent in part: it cuts groups at 1500 members. */
export interface MissingRange {
  /** Without the range. */
  readonly type: string;
  /** The attribute to ask for: `member;range=1500-*`. */
  readonly next: string;
}

/** Tells whether an attribute was sent in part (MS-ADTS 3.1.1.3.1.3.3, range retrieval). */
export function missingRange(type: string): MissingRange | undefined {
  const [, before = "", last, after = ""] = /^(.*?);range=\d+-(\d+|\*)(.*)$/i.exec(type) ?? [];
  if (last === undefined || last === "*") return undefined;
  const whole = `${before}${after}`;
  return { type: whole, next: `${whole};range=${Number(last) + 1}-*` };
}
