import { describe, expect, test } from "vitest";
import { withoutRealm, withULabels } from "../../../src/model/owner-forms.ts";

describe("an owner whose domain is an A-label is answered in the U-label form as well", () => {
  test.each([
    ["one", ["anna@xn--exmple-cua.com"], ["anna@xn--exmple-cua.com", "anna@exämple.com"]],
    ["in capitals", ["Anna@XN--exmple-cua.com"], ["Anna@XN--exmple-cua.com", "Anna@exämple.com"]],
    ["several in a cell", ["a@x, b@xn--mnchen-3ya.example"], ["a@x", "b@xn--mnchen-3ya.example", "b@münchen.example"]],
    ["no A-label", ["a@x, b@y"], ["a@x, b@y"]],
    ["what is no A-label", ["a@xn--zzzzzzzz"], ["a@xn--zzzzzzzz"]],
    ["a login without a domain", ["xn--exmple-cua.com"], ["xn--exmple-cua.com"]],
  ])("%s", (_rule, cells, forms) => {
    expect(withULabels(cells)).toEqual(forms);
  });
});

describe("an owner in the realm is answered without it too", () => {
  test.each([
    ["one", ["bob@example.com"], ["bob@example.com", "bob"]],
    ["in capitals", ["Bob@EXAMPLE.com"], ["Bob@EXAMPLE.com", "Bob"]],
    ["several in a cell", ["bob@example.com,eve@example.net"], ["bob@example.com", "bob", "eve@example.net"]],
    ["a subdomain is another", ["bob@mail.example.com"], ["bob@mail.example.com"]],
    ["a bare login stays", ["bob"], ["bob"]],
    ["@realm is nobody", ["@example.com"], ["@example.com"]],
    ["separators only", [","], []],
  ])("%s", (_rule, cells, forms) => {
    expect(withoutRealm(cells, "example.com")).toEqual(forms);
  });

  test("also where it is spelt as U-label", () => {
    expect(withoutRealm(["bob@exämple.com"], "xn--exmple-cua.com")).toEqual(["bob@exämple.com", "bob"]);
  });
});
