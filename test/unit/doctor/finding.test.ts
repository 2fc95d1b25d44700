import { expect, test } from "vitest";
import { type Finding, orderFindings } from "../../../src/doctor/finding.ts";

const finding = (rest: Partial<Finding>): Finding => ({
  check: "c",
  severity: "error",
  services: ["a"],
  title: "t",
  consequence: "k",
  changes: [{ where: "main.cf", line: "x = y" }],
  ...rest,
});

test("puts the worst first, and keeps the order of equals", () => {
  const found = ["notice", "error", "critical", "warning", "error"].map((severity, i) =>
    finding({ severity: severity as Finding["severity"], title: `${i}` }),
  );
  expect(orderFindings(found).map(({ title }) => title)).toEqual(["2", "1", "4", "3", "0"]);
});

test("one finding for several services names them all, and every place to change", () => {
  const [first, second] = [
    { where: "master.cf, a inet", line: "-o x=y" },
    { where: "master.cf, b inet", line: "-o x=y" },
  ];
  const merged = orderFindings([
    finding({ changes: [first as never] }),
    finding({ services: ["b"], changes: [second as never] }),
    finding({ services: ["b"], changes: [second as never] }),
  ]);
  expect(merged).toEqual([finding({ services: ["a", "b"], changes: [first as never, second as never] })]);
});

test("different lines stay apart", () => {
  expect(orderFindings([finding({}), finding({ changes: [] })])).toHaveLength(2);
});
