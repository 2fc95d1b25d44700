import { describe, expect, test } from "vitest";
import { openPostfixCf, parsePostfixCf } from "../../../../src/source/postfix-cf/index.ts";
import { type Files, parse, problemsOf, table, warningsOf } from "./table.ts";

const query = "query = SELECT 1 FROM t WHERE a='%s'";
const services = "# comment\nmysql\t\t3306/tcp\nsunrpc\t111/tcp\tportmapper rpcbind\nsyslog 514/udp\n";

function hostsOf(value: string, files: Files = { "/etc/services": services }) {
  const { connection } = table(`${query}\nhosts = ${value}`, files);
  if (connection.driver !== "mysql") throw new Error("expected a mysql connection");
  return connection.hosts;
}

describe("hosts (dict_mysql.c, host_init)", () => {
  test.each([
    ["a name", "db1", [{ kind: "inet", host: "db1", port: 3306 }]],
    ["a name with a port", "db1:3307", [{ kind: "inet", host: "db1", port: 3307 }]],
    ["inet:", "inet:127.0.0.1:3307", [{ kind: "inet", host: "127.0.0.1", port: 3307 }]],
    ["unix:", "unix:/run/db.sock", [{ kind: "unix", path: "/run/db.sock" }]],
    ["a port by the name of its service", "db1:mysql", [{ kind: "inet", host: "db1", port: 3306 }]],
    ["a port by the alias of its service", "db1:rpcbind", [{ kind: "inet", host: "db1", port: 111 }]],
    ["a prefix in capitals is no prefix", "INET:3307", [{ kind: "inet", host: "INET", port: 3307 }]],
    [
      "several, split at commas and blanks",
      "db1, db2:3307\tunix:/s",
      [
        { kind: "inet", host: "db1", port: 3306 },
        { kind: "inet", host: "db2", port: 3307 },
        { kind: "unix", path: "/s" },
      ],
    ],
  ])("%s", (_rule, value, expected) => {
    expect(hostsOf(value)).toEqual(expected);
  });

  test.each(["localhost", "LocalHost", "localhost:33997", "inet:localhost", "unix:localhost", ""])(
    "%j is the socket of the client library",
    (value) => {
      expect(hostsOf(value)).toEqual([{ kind: "unix", path: "/run/mysqld/mysqld.sock" }]);
    },
  );

  test("no hosts at all is the socket too", () => {
    expect(table(query).connection).toMatchObject({ hosts: [{ kind: "unix", path: "/run/mysqld/mysqld.sock" }] });
  });

  test.each(["db1:", "db1:0", "db1:65536", "db1:no-such-service", "db1:syslog"])("%j has no port", (value) => {
    expect(problemsOf(() => hostsOf(value))).toEqual([
      `hosts: unknown port in "${value}": expected 1 to 65535 or the name of a service (t.cf line 3)`,
    ]);
  });

  test("without /etc/services no service has a port", () => {
    expect(problemsOf(() => hostsOf("db1:mysql", {}))).toHaveLength(1);
  });

  test("an IPv6 address is a host name to Postfix, and a warning here", () => {
    const parsed = table(`${query}\nhosts = [::1]:33997`);
    expect(parsed.connection).toMatchObject({ hosts: [{ kind: "inet", host: "[::1]", port: 33997 }] });
    expect(warningsOf(parsed)).toEqual([
      'hosts: "[::1]:33997": Postfix knows no IPv6 addresses here and takes it for a host name (t.cf line 3)',
    ]);
  });
});

describe("a mysql_table(5)", () => {
  test("says user, password, database and charset", () => {
    expect(table(`${query}\nuser = vmail\npassword = s3cret\ncharset = latin1`).connection).toEqual({
      driver: "mysql",
      hosts: [{ kind: "unix", path: "/run/mysqld/mysqld.sock" }],
      user: "vmail",
      password: "s3cret",
      database: "d",
      tls: undefined,
      charset: "latin1",
      poolSize: 4,
      connectTimeoutMs: 2000,
      queryTimeoutMs: 3000,
    });
  });

  test("gives way to overrides", () => {
    const overrides = { hosts: [{ kind: "unix", path: "/s" }], password: "other", database: "e", poolSize: 9 } as const;
    const parsed = parsePostfixCf(`hosts = db1\npassword = p\n${query}\n`, "t.cf", { overrides });
    expect(parsed.connection).toMatchObject(overrides);
  });

  test("speaks TLS when any of its files is named, and says that it believes any server", () => {
    const parsed = table(`${query}\ntls_CAfile = /ca.pem\ntls_cert_file = /c.pem\ntls_key_file = /k.pem`);
    expect(parsed.connection).toMatchObject({
      tls: { caFile: "/ca.pem", certFile: "/c.pem", keyFile: "/k.pem", verify: false },
    });
    expect(warningsOf(parsed)).toEqual([
      "tls_verify_cert: is not yes: the connection is encrypted, but any server is believed (t.cf)",
    ]);
  });

  test("verifies the server when tls_verify_cert = yes", () => {
    const parsed = table(`${query}\ntls_CAfile = /ca.pem\ntls_verify_cert = yes`);
    expect(parsed.connection).toMatchObject({ tls: { verify: true } });
    expect(warningsOf(parsed)).toEqual([]);
  });

  test("warns of TLS settings that have no effect", () => {
    expect(warningsOf(table(`${query}\ntls_CApath = /ca\ntls_ciphers = ALL\ntls_verify_cert = yes`))).toEqual([
      "tls_CApath: is not read here: put the certificates into one file and name it in tls_CAfile (t.cf line 3)",
      "tls_ciphers: has no effect here: the ciphers of Node.js are offered (t.cf line 4)",
    ]);
  });
});

describe("option_file", () => {
  const files = {
    "/my.cnf": [
      "# comment",
      "[mysqld]",
      "user = mysql",
      "[client]",
      "user = reader ; not a comment",
      'password = "pass # word"   # comment',
      "socket=/run/own.sock",
      "[client-server]",
      "port = 3310",
      "[mail]",
      "user = 'mail\\suser'",
      "ssl_ca = /ca.pem",
      "server_public_key_path = /mysql.pem",
      "",
    ].join("\n"),
  };

  test("fills what the table file leaves open", () => {
    expect(table(`${query}\noption_file = /my.cnf`, files).connection).toMatchObject({
      user: "reader ; not a comment",
      password: "pass # word",
      hosts: [{ kind: "unix", path: "/run/own.sock" }],
      tls: undefined,
    });
  });

  test("does not override the table file", () => {
    const { connection } = table(`${query}\noption_file = /my.cnf\nuser = u\npassword = p\nhosts = unix:/s`, files);
    expect(connection).toMatchObject({ user: "u", password: "p", hosts: [{ kind: "unix", path: "/s" }] });
  });

  test("its group is read after [client]", () => {
    const { connection } = table(`${query}\noption_file = /my.cnf\noption_group = mail`, files);
    expect(connection).toMatchObject({ user: "mail user", tls: { caFile: "/ca.pem" } });
    expect(connection).toMatchObject({ serverPublicKeyFile: "/mysql.pem" });
  });

  test("its port is that of hosts without one", () => {
    expect(table(`${query}\noption_file = /my.cnf\nhosts = db1`, files).connection).toMatchObject({
      hosts: [{ kind: "inet", host: "db1", port: 3310 }],
    });
  });

  test("its host stands behind localhost", () => {
    const remote = { "/my.cnf": "[client]\nhost = db9\n" };
    expect(table(`${query}\noption_file = /my.cnf`, remote).connection).toMatchObject({
      hosts: [{ kind: "inet", host: "db9", port: 3306 }],
    });
  });

  test("its password is a difference from Postfix, which sends an empty one", () => {
    expect(warningsOf(table(`${query}\noption_file = /my.cnf`, files))).toEqual([
      "option_file: its password is used; Postfix itself sends an empty one when the table file has none (t.cf)",
    ]);
  });

  test.each(["0", "65536", "mysql", "3306.5", ""])("port = %s is no port there", (port) => {
    const odd = { "/my.cnf": `[client]\nport = ${port}\n` };
    expect(table(`${query}\noption_file = /my.cnf\nhosts = db1`, odd).connection).toMatchObject({
      hosts: [{ kind: "inet", host: "db1", port: 3306 }],
    });
  });

  test("its comments, options without value and other groups say nothing", () => {
    const odd = { "/my.cnf": "[client]\n#user = a\n; user = b\n  # user = c\ncompress\n[mysqld]\nuser = d\n" };
    expect(table(`${query}\noption_file = /my.cnf`, odd).connection).toMatchObject({ user: "" });
  });

  test("that cannot be read is fatal", () => {
    expect(problemsOf(() => table(`${query}\noption_file = /none.cnf`))).toEqual([
      "option_file: /none.cnf: no such file (t.cf)",
    ]);
  });

  test("that includes others is read without them, which is said", () => {
    const including = { "/my.cnf": "!includedir /etc/mysql/conf.d/\n[client]\nuser = u\n" };
    expect(warningsOf(table(`${query}\noption_file = /my.cnf`, including))).toEqual([
      "option_file: /my.cnf line 1: !include is not followed (t.cf)",
    ]);
  });

  test("option_group alone has no effect", () => {
    expect(warningsOf(table(`${query}\noption_group = mail`))).toEqual([
      "option_group: has no effect without option_file: no my.cnf is read here (t.cf line 3)",
    ]);
  });
});

describe("a sqlite_table(5)", () => {
  test("is told by its dbpath", () => {
    expect(parse(`dbpath = /var/mail.sqlite\n${query}\n`).connection).toEqual({
      driver: "sqlite",
      path: "/var/mail.sqlite",
      queryTimeoutMs: 3000,
    });
  });

  test("knows no hosts", () => {
    expect(warningsOf(parse(`dbpath = /d\nhosts = db1\n${query}\n`))).toEqual([
      "hosts: unknown to Postfix, which ignores it; only mysql_table(5) has it (t.cf line 2)",
    ]);
  });

  test("with a relative path is worth a warning", () => {
    expect(warningsOf(parse(`dbpath = mail.sqlite\n${query}\n`))).toEqual([
      "dbpath: not an absolute path: it depends on the directory that the daemon runs in (t.cf line 1)",
    ]);
  });
});

describe("the name of a table file", () => {
  test.each(["/no/such.cf", "mysql:/no/such.cf", "proxy:mysql:/no/such.cf", "sqlite:/no/such.cf"])(
    "%s cannot be read when there is no such file",
    (name) => {
      expect(problemsOf(() => openPostfixCf(name))).toEqual(["postfix_cf: /no/such.cf: no such file"]);
    },
  );
});
