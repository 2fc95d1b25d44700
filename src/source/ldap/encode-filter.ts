/** Writes a filter with the values of a key in it, as a search request carries it (RFC 4511, section 4.5.1.7). */
import type { BerWriter } from "ldapts";
import type { Key } from "../../model/keys.ts";
import type { Comparison, FilterTemplate, FilterValue } from "./filter-template.ts";

/** What is written to: a part of ldapts' writer, so that a test can look on. */
export type FilterWriter = Pick<
  BerWriter,
  "startSequence" | "endSequence" | "writeString" | "writeBuffer" | "writeBoolean"
>;

const tags = { and: 0xa0, or: 0xa1, not: 0xa2, substrings: 0xa4, present: 0x87, extensible: 0xa9 } as const;

const comparisonTags: Readonly<Record<Comparison, number>> = {
  equal: 0xa3,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  approximate: 0xa8,
};

const octetString = 0x04;

/** Writes a filter. */
export function writeFilter(writer: FilterWriter, filter: FilterTemplate, key: Key): void {
  switch (filter.kind) {
    case "and":
    case "or":
      writer.startSequence(tags[filter.kind]);
      for (const one of filter.filters) writeFilter(writer, one, key);
      break;
    case "not":
      writer.startSequence(tags.not);
      writeFilter(writer, filter.filter, key);
      break;
    case "present":
      writer.writeString(filter.attribute, tags.present);
      return;
    case "substrings":
      writeSubstrings(writer, filter.attribute, filter.parts, key);
      return;
    case "extensible":
      writer.startSequence(tags.extensible);
      if (filter.rule !== "") writer.writeString(filter.rule, 0x81);
      if (filter.attribute !== "") writer.writeString(filter.attribute, 0x82);
      writer.writeBuffer(fillValue(filter.value, key), 0x83);
      if (filter.hasDn) writer.writeBoolean(true, 0x84);
      break;
    default:
      writer.startSequence(comparisonTags[filter.kind]);
      writer.writeString(filter.attribute);
      writer.writeBuffer(fillValue(filter.value, key), octetString);
  }
  writer.endSequence();
}

/** An empty part says nothing; with nothing but empty ones, any value will do. */
function writeSubstrings(writer: FilterWriter, attribute: string, parts: readonly FilterValue[], key: Key): void {
  const filled = parts.map((part) => fillValue(part, key));
  const last = filled.length - 1;
  if (filled.every(({ length }) => length === 0)) {
    writer.writeString(attribute, tags.present);
    return;
  }
  writer.startSequence(tags.substrings);
  writer.writeString(attribute);
  writer.startSequence();
  filled.forEach((part, i) => {
    const tag = i === 0 ? 0x80 : i === last ? 0x82 : 0x81;
    if (part.length > 0) writer.writeBuffer(part, tag);
  });
  writer.endSequence();
  writer.endSequence();
}

function fillValue(value: FilterValue, key: Key): Buffer {
  return Buffer.concat(value.map((piece) => (typeof piece === "function" ? Buffer.from(piece(key), "utf8") : piece)));
}
