import { describe, expect, test } from "vitest";
import { foldCase } from "../../../src/model/fold-case.ts";

describe("foldCase", () => {
  // C and F of Unicode's CaseFolding.txt: what a sender reaches us as.
  test.each([
    ["Alice", "alice"],
    ["JÖRG", "jörg"],
    ["weiß", "weiss"],
    ["WEIẞ", "weiss"],
    ["ſales", "sales"],
    ["ΣΊΣΥΦΟΣ", "σίσυφοσ"],
    ["σίσυφος", "σίσυφοσ"],
    ["ﬁsh", "fish"],
    ["İx", "i\u0307x"],
    ["ıx", "ıx"],
    ["\u{212a}elvin", "kelvin"],
    ["\uab70\u13f8", "\u13a0\u13f0"],
    ["\u{10400}", "\u{10428}"],
  ])("folds %j to %j", (text, folded) => {
    expect(foldCase(text)).toBe(folded);
  });

  test("folds what is folded to itself", () => {
    for (let code = 0; code < 0x3000; code++) {
      const folded = foldCase(String.fromCodePoint(code));
      expect(foldCase(folded)).toBe(folded);
    }
  });
});
