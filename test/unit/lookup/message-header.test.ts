import { expect, test } from "vitest";
import { claimingFields } from "../../../src/lookup/message-header.ts";

const read = (text: string, encoding: BufferEncoding = "utf8") => claimingFields(Buffer.from(text, encoding));

test("finds the claiming fields with their lines, folds included", () => {
  expect(read("Received: x\n y\nFrom: Bob\n\t<bob@x>\nSubject: From: a\nSENDER : bob@x\n\nFrom: body@x\n")).toEqual([
    { header: "From", value: "Bob\n\t<bob@x>", line: 3 },
    { header: "Sender", value: "bob@x", line: 6 },
  ]);
});

test("takes lines that end with CRLF, and a header without a body", () => {
  expect(read("From: bob@x\r\n (c)\r\nSender: a@x\r\n\r\n")).toEqual([
    { header: "From", value: "bob@x\n (c)", line: 1 },
    { header: "Sender", value: "a@x", line: 3 },
  ]);
  expect(read("From:bob@x")).toEqual([{ header: "From", value: "bob@x", line: 1 }]);
});

test("passes over the first line of mbox, and ends at a line that is no field, as Postfix does", () => {
  expect(read("From bob@x Mon Jan  1\nFrom: bob@x\nno field\nFrom: boss@x\n")).toEqual([
    { header: "From", value: "bob@x", line: 2 },
  ]);
  expect(read(" begins with a blank\nFrom: bob@x\n")).toEqual([]);
  expect(read("")).toEqual([]);
});

test("reads bytes that are no UTF-8 as the milter does", () => {
  expect(read("From: J\xf6rg <bob@x>\n", "latin1")).toEqual([{ header: "From", value: "J\ufffdrg <bob@x>", line: 1 }]);
});
