import { expect, test } from "vitest";
import { splitList, splitNested } from "../../../src/model/postfix-list.ts";

test.each([
  ["", []],
  [" a,b  c\t,d\n", ["a", "b", "c", "d"]],
  ["unionmap:{a:b, c:d} e", ["unionmap:{a:b, c:d}", "e"]],
  ["{ inet:h:1, timeout=1s } x", ["{ inet:h:1, timeout=1s }", "x"]],
  ["a} b", ["a}", "b"]],
])("splits %j", (text, words) => {
  expect(splitList(text)).toEqual(words);
});

test("finds the words inside of braces, however deep", () => {
  expect(splitNested("unionmap:{a:b,pipemap:{c:d e:f}} g:h")).toEqual([
    "unionmap:{a:b,pipemap:{c:d e:f}}",
    "a:b",
    "pipemap:{c:d e:f}",
    "c:d",
    "e:f",
    "g:h",
  ]);
});
