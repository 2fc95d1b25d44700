import { describe, expect, test } from "vitest";
import { addressesInFile, namesToAsk } from "../../../src/system/name-files.ts";

describe("a hosts file", () => {
  const text = `# 192.0.2.1 commented.test
127.0.0.1\tlocalhost
::1 localhost ip6-localhost # loopback
192.0.2.10   db.example.test DB  # the database
2001:db8::10 db.example.test
not-an-address db
192.0.2.10 db
`;
  test.each([
    ["db.example.test", ["192.0.2.10", "2001:db8::10"]],
    ["DB.Example.Test.", ["192.0.2.10", "2001:db8::10"]],
    ["db", ["192.0.2.10"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["commented.test", []],
    ["the", []],
    ["example.test", []],
  ])("gives %s the addresses of its lines, in their order", (name, addresses) => {
    expect(addressesInFile(text, name).map(({ address }) => address)).toEqual(addresses);
  });

  test("tells the families apart", () => {
    expect(addressesInFile(text, "db.example.test").map(({ family }) => family)).toEqual([4, 6]);
  });

  test("without localhost does not make it a name for DNS", () => {
    expect(addressesInFile("", "localhost")).toEqual([{ address: "127.0.0.1", family: 4 }]);
  });
});

describe("a resolver file", () => {
  test.each([
    ["", "db", ["db"]],
    ["nameserver 192.0.2.53", "db.example.test", ["db.example.test"]],
    ["search corp.test lab.test", "db", ["db.corp.test", "db.lab.test", "db"]],
    ["search corp.test", "db.lab", ["db.lab", "db.lab.corp.test"]],
    ["search corp.test\noptions ndots:2 timeout:1", "db.lab", ["db.lab.corp.test", "db.lab"]],
    [
      "search default.svc.cluster.local\noptions ndots:5",
      "mysql.mail",
      ["mysql.mail.default.svc.cluster.local", "mysql.mail"],
    ],
    ["domain old.test\nsearch corp.test # the last counts", "db", ["db.corp.test", "db"]],
    ["search .", "db", ["db"]],
    ["search corp.test.", "db", ["db.corp.test", "db"]],
    ["search corp.test", "db.example.test.", ["db.example.test"]],
  ])("%j: %s is asked for in the order of the system's resolver", (text, host, names) => {
    expect(namesToAsk(text, host)).toEqual(names);
  });
});
