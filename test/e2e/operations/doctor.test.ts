/** `loginmapd doctor`: silent on the shipped pieces, and each planted mistake is found with the line that mends it. */
import { chmod, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { expand } from "../../../src/doctor/expand.ts";
import { makeDirectory, type TestDirectory } from "../../support/directories.ts";
import { readBlocks } from "../../support/docs/markdown-blocks.ts";
import { type Daemon, loginmapd, projectRoot, startDaemon } from "../../support/servers/daemon.ts";
import { makeDemoDatabase } from "../../support/servers/demo-database.ts";
import { type DoctorLine, writeListener, writePostfixLines } from "../../support/servers/doctor-lines.ts";
import { type Dovecot, startDovecot } from "../../support/servers/dovecot.ts";
import { freePort, freePorts } from "../../support/servers/ports.ts";
import { makePostfixHome } from "../../support/servers/postfix.ts";
import { type Outcome, run } from "../../support/servers/processes.ts";
import { type ShippedMailServer, startShippedMailServer } from "../../support/servers/shipped-mail-server.ts";
import { waitUntil } from "../../support/wait.ts";

let directory: TestDirectory;
let daemon: Daemon;
let server: ShippedMailServer;
let oldDovecot: Dovecot;
let queue: string;
let socket: string;
let ports: { tcp: number; inet: number };
let shipped: {
  main: string;
  master: string;
  yaml: Readonly<Record<string, unknown>> & { listeners: readonly { protocol: string }[] };
};

// Port 25 as Debian has it, and the way back from a content filter.
const otherServices = `smtp inet n - y - - smtpd
127.0.0.1:10025 inet n - n - - smtpd
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
`;

beforeAll(async () => {
  directory = await makeDirectory("doctor");
  const home = await makePostfixHome();
  queue = home.queue;
  await mkdir(join(queue, "loginmapd"));
  socket = join(queue, "loginmapd/socketmap");
  const [admin, tcp, inet] = (await freePorts(3)) as [number, number, number];
  ports = { tcp, inet };
  const yaml = {
    listeners: [
      { protocol: "socketmap", endpoint: `unix:${socket}`, mode: "0660", group: "postfix" },
      { protocol: "tcp_table", endpoint: `inet:127.0.0.1:${tcp}`, map: "senders" },
      { protocol: "socketmap", endpoint: `inet:127.0.0.1:${inet}` },
      milterAt("milter"),
    ],
    admin: { endpoint: `inet:127.0.0.1:${admin}` },
    maps: { senders: { source: "mail", recipient_delimiter: "+" } },
    sources: { mail: { driver: "sqlite", path: await makeDemoDatabase(directory.path), preset: "native" } },
  };
  daemon = await startDaemon({ config: yaml, listening: [socket, tcp, inet, admin] });
  server = await startShippedMailServer(home, { users: { "alice@example.com": "pw-alice" } });
  oldDovecot = await startDovecot({ users: {}, authSocket: join(queue, "private/auth-plain"), mechanisms: "plain" });
  const ours = await readFile(join(home.etc, "main.cf"), "utf8");
  const services = await readFile(join(projectRoot, "deploy/postfix/master.cf"), "utf8");
  shipped = { main: ours, master: `${services}\n${otherServices}`, yaml };
});
/** The listener that deploy/postfix/main.cf speaks of, at its private place. */
function milterAt(name: string) {
  const endpoint = `unix:${join(queue, "loginmapd", name)}`;
  return { protocol: "milter", endpoint, mode: "0660", group: "postfix", map: "senders", action: "log" };
}

afterAll(async () => {
  for (const started of mended) await started.stop();
  await oldDovecot?.stop();
  await server?.stop();
  await daemon?.stop();
  await directory?.remove();
});

/** What differs from the shipped pieces. */
interface Plant {
  /** Lines of main.cf, in place of those of the same parameters. */
  readonly main?: string;
  readonly master?: (text: string) => string;
  readonly yaml?: Readonly<Record<string, unknown>>;
}

/** Finding as `--json` prints it, with its lines joined. */
interface Found {
  readonly check: string;
  readonly severity: string;
  readonly services: readonly string[];
  readonly lines: readonly string[];
}

let planted = 0;

/** What carrying out lines has started. */
const mended: Dovecot[] = [];

async function plant({ main = "", master = (text) => text, yaml = {} }: Plant): Promise<string[]> {
  planted += 1;
  const etc = join(directory.path, `etc-${planted}`);
  await mkdir(etc);
  await writeFile(join(etc, "main.cf"), `${withoutParameters(shipped.main, main)}\n${main}\n`);
  await writeFile(join(etc, "master.cf"), master(shipped.master));
  await backdate(etc);
  const config = join(etc, "loginmapd.yaml");
  await writeFile(config, stringify({ ...shipped.yaml, ...yaml }), { mode: 0o600 });
  return ["doctor", "-c", config, "--postfix-config", etc];
}

/** Takes out the parameters that other lines set: postconf warns of one that is set twice. */
function withoutParameters(text: string, lines: string): string {
  return Array.from(lines.matchAll(/^\w+(?= =)/gm), ([name]) => name).reduce(
    (rest, name) => rest.replaceAll(new RegExp(`^${name} =.*\n([ \\t].*\n)*`, "gm"), ""),
    text,
  );
}

async function diagnose(mistake: Plant): Promise<Found[]> {
  return diagnoseAgain(await plant(mistake));
}

async function diagnoseAgain(args: readonly string[]): Promise<Found[]> {
  const outcome = await loginmapd([...args, "--json"]);
  const { findings } = JSON.parse(outcome.stdout) as { findings: (Found & { changes: Change[] })[] };
  expect(outcome.code).toBe(findings.length === 0 ? 0 : 1);
  return findings.map(({ check, severity, services, changes }) => ({
    check,
    severity,
    services,
    lines: changes.map(({ where, line }) => `${where}: ${line}`),
  }));
}

interface Change {
  readonly where: string;
  readonly line: string;
}

/** Carries out every line that the doctor gave, as it is; a gap (HOST) is filled in. */
async function mend(args: readonly string[], findings: readonly Found[]): Promise<void> {
  const [, , config = "", , etc = ""] = args;
  const lines = findings.flatMap((finding) =>
    finding.lines.map((text): DoctorLine => {
      const [where = "", line = ""] = splitOnce(text, /: /);
      return { where, line: line.replace(/\/etc\/ssl\/\S+/, join(etc, "main.cf")) };
    }),
  );
  for (const { where, line } of await writePostfixLines(etc, lines)) {
    if (where === "shell") expect(await run("sh", ["-ec", line])).toMatchObject({ code: 0 });
    else if (where === "loginmapd.yaml") await editYaml(config, line);
    else if (
      where === "Dovecot" ||
      (await run("dovecot", ["--version"])).stdout.startsWith(where.slice("Dovecot ".length))
    )
      await editDovecot(line);
    // For the other version of Dovecot, which is not here.
    else if (where.startsWith("Dovecot ")) expect(line).toMatch(/^auth_default_(?:realm|domain) = \S+$/);
    else throw new Error(`nobody knows how to write into ${where}`);
  }
}

async function editYaml(config: string, line: string): Promise<void> {
  if (line.startsWith("- ")) return writeListener(config, line);
  const document = parse(await readFile(config, "utf8"));
  Object.assign(document.maps.senders, parse(line.replace("maps.senders.", "")));
  await writeFile(config, stringify(document));
}

/** The private Dovecot of a mistake, with the line in its configuration. */
async function editDovecot(line: string): Promise<void> {
  const [, mechanisms] = /^auth_mechanisms = (.*)$/.exec(line) ?? [];
  const [, authSocket] = /unix_listener (\S+) /.exec(line) ?? [];
  if (mechanisms !== undefined) {
    await oldDovecot.stop();
    oldDovecot = await startDovecot({ users: {}, authSocket: join(queue, "private/auth-plain"), mechanisms });
  } else if (authSocket !== undefined) {
    mended.push(await startDovecot({ users: {}, authSocket }));
  } else {
    const [, defaultRealm = "missing"] = /^auth_default_(?:realm|domain) = (\S+)$/.exec(line) ?? [];
    const users = { [`alice@${defaultRealm}`]: "pw-alice" };
    const [bare, completed] = [join(queue, "private/auth-bare"), join(queue, "private/auth-realm")];
    mended.push(await startDovecot({ users, authSocket: bare }));
    expect(await loginBy(bare, "alice", "pw-alice")).toMatch(/^FAIL\t/);
    mended.push(await startDovecot({ users, authSocket: completed, defaultRealm }));
    expect(await loginBy(completed, "alice", "pw-alice")).toMatch(`user=alice@${defaultRealm}`);
  }
}

/** What Dovecot says to a password, as smtpd asks (auth-client protocol 1.1). */
async function loginBy(path: string, login: string, password: string): Promise<string> {
  const resp = Buffer.from(`\0${login}\0${password}`).toString("base64");
  const client = connect(path);
  client.write(`VERSION\t1\t1\nCPID\t${process.pid}\nAUTH\t1\tPLAIN\tservice=smtp\tresp=${resp}\n`);
  let said = "";
  client.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const verdict = await waitUntil("Dovecot's verdict", () => /^(?:OK|FAIL)\t.*(?=\n)/m.exec(said)?.[0]);
  client.destroy();
  return verdict;
}

/** Postfix reads a younger file again until it is two seconds old. */
async function backdate(etc: string): Promise<void> {
  const aMinuteAgo = Date.now() / 1000 - 60;
  for (const name of ["main.cf", "master.cf"]) await utimes(join(etc, name), aMinuteAgo, aMinuteAgo);
}

/** No finding: what was looked at, and nothing else. */
const silence: Partial<Outcome> = {
  code: 0,
  stdout: expect.stringMatching(/^Looked at: main\.cf and master\.cf [\s\S]*\.\n$/),
  stderr: "",
};

/** Puts `-o NAME=VALUE` in place of the override of that name, or adds it, in one service. */
function override(service: string, name: string, value: string | undefined) {
  return (text: string): string => {
    const [before = "", rest = ""] = splitOnce(text, new RegExp(`^${service.replaceAll(".", "\\.")} `, "m"));
    const [entry = "", after = ""] = splitOnce(rest, /\n(?=[^ ])/);
    const kept = entry.split("\n").filter((line) => !line.trim().startsWith(`-o ${name}=`));
    const lines = value === undefined ? kept : [...kept, `  -o { ${name} = ${value} }`];
    return `${before}${service} ${lines.join("\n")}\n${after}`;
  };
}

function splitOnce(text: string, pattern: RegExp): [string, string] {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`nothing matches ${pattern}`);
  return [text.slice(0, match.index), text.slice(match.index + match[0].length)];
}

describe("silent with exit 0", () => {
  test("on the running mail server made of the shipped pieces", async () => {
    const args = ["doctor", "-c", daemon.configFile as string, "--postfix-config", server.home.etc];
    expect(await loginmapd(args)).toMatchObject(silence);
  });

  test("on the shipped master.cf beside port 25 and a content filter", async () => {
    expect(await loginmapd(await plant({}))).toMatchObject(silence);
  });

  test("on the configuration of the Debian package", async () => {
    const secret = join(directory.path, "secret");
    await writeFile(secret, "secret\n", { mode: 0o600 });
    const text = await readFile(join(projectRoot, "deploy/debian/loginmapd.yaml"), "utf8");
    const config = join(directory.path, "debian.yaml");
    const places = text.replaceAll("/var/spool/postfix", queue).replaceAll(/(_file: )\S+/g, `$1${secret}`);
    await writeFile(config, places, { mode: 0o600 });
    const [, , , option = "", etc = ""] = await plant({});
    expect(await loginmapd(["doctor", "-c", config, option, etc])).toMatchObject(silence);
  });

  test.each<[string, () => Plant]>([
    [
      "the lines of the README, with port 25 without AUTH",
      () => ({
        main: `smtpd_sender_login_maps = socketmap:inet:127.0.0.1:${ports.inet}:senders\nsmtpd_sender_restrictions = reject_authenticated_sender_login_mismatch`,
        master: override("submission", "smtpd_sender_restrictions", `${restriction}, ${refusesNull}`),
      }),
    ],
    ["tcp", () => ({ main: `smtpd_sender_login_maps = tcp:127.0.0.1:${ports.tcp}` })],
    [
      "proxy: in main.cf",
      () => ({ main: `smtpd_sender_login_maps = proxy:socketmap:unix:${"QUEUE"}/loginmapd/socketmap:senders` }),
    ],
    [
      "a table of another kind after ours",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:senders, static:root" }),
    ],
    [
      "the restriction in a class and in another list",
      () => ({
        main: "smtpd_restriction_classes = owners\nowners = reject_authenticated_sender_login_mismatch\nsubmission_sender_restrictions = check_sender_access inline:{<>=REJECT}, permit_sasl_authenticated, reject",
        master: (text) =>
          text.replaceAll("  -o smtpd_recipient_restrictions=\n", "  -o smtpd_recipient_restrictions=owners,reject\n"),
      }),
    ],
    [
      "a map on another name with local domains alike",
      () => ({
        yaml: { maps: { senders: { source: "mail", local_domains: ["local.example"] } } },
      }),
    ],
    [
      "AUTH under TLS only, with a certificate",
      () => ({ main: "smtpd_tls_auth_only = yes", master: override("submission", "smtpd_tls_security_level", "may") }),
    ],
  ])("on %s", async (_, mistake) => {
    const { main = "", ...rest } = mistake();
    expect(await loginmapd(await plant({ main: main.replaceAll("QUEUE", queue), ...rest }))).toMatchObject(silence);
  });
});

const everyLogin = ["submission", "submissions", "127.0.0.1:10587"];
const refusesNull = "check_sender_access inline:{ {<> = 550 5.7.1 nobody owns the null sender} }";
const ourTable = "socketmap:unix:loginmapd/socketmap:senders";
const restriction = "reject_authenticated_sender_login_mismatch";

describe("a planted mistake is found, with the line that mends it", () => {
  test.each<[string, () => Plant, Found]>([
    [
      "the map is not set",
      () => ({ main: "smtpd_sender_login_maps =" }),
      {
        check: "map-not-set",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "no restriction names the map",
      () => ({ main: `submission_sender_restrictions = ${refusesNull}, permit_sasl_authenticated, reject` }),
      {
        check: "restriction-missing",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
        ],
      },
    ],
    [
      "only the variant for clients that are not logged in",
      () => ({
        master: override(
          "submission",
          "smtpd_sender_restrictions",
          `reject_unauthenticated_sender_login_mismatch, ${refusesNull}, permit_sasl_authenticated, reject`,
        ),
      }),
      {
        check: "restriction-missing",
        severity: "critical",
        services: ["submission"],
        lines: [
          `master.cf, submission inet: -o { smtpd_sender_restrictions = ${restriction}, reject_unauthenticated_sender_login_mismatch, ${refusesNull}, permit_sasl_authenticated, reject }`,
        ],
      },
    ],
    [
      "the restriction comes after permit_sasl_authenticated",
      () => ({
        main: `submission_sender_restrictions = ${refusesNull}, permit_sasl_authenticated, ${restriction}, reject`,
      }),
      {
        check: "restriction-after-permit",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
        ],
      },
    ],
    [
      "the restriction comes after permit_mynetworks",
      () => ({
        master: override(
          "submission",
          "smtpd_sender_restrictions",
          `permit_mynetworks, ${restriction}, ${refusesNull}, reject`,
        ),
      }),
      {
        check: "restriction-after-permit",
        severity: "warning",
        services: ["submission"],
        lines: [
          `master.cf, submission inet: -o { smtpd_sender_restrictions = ${restriction}, permit_mynetworks, ${refusesNull}, reject }`,
        ],
      },
    ],
    [
      "the restriction only warns",
      () => ({
        main: `submission_sender_restrictions = warn_if_reject ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
      }),
      {
        check: "restriction-warns-only",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
        ],
      },
    ],
    [
      "the restriction is evaluated before the sender is known",
      () => ({
        main: `smtpd_delay_reject = no\nsubmission_sender_restrictions = reject_unknown_sender_domain, ${refusesNull}`,
        master: (text) =>
          text.replaceAll(
            "smtpd_client_restrictions=permit_sasl_authenticated,reject",
            `smtpd_client_restrictions=${restriction}`,
          ),
      }),
      {
        check: "restriction-too-early",
        severity: "critical",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, reject_unknown_sender_domain, ${refusesNull}`,
        ],
      },
    ],
    [
      "an absolute path in a chroot",
      () => ({ main: `smtpd_sender_login_maps = socketmap:unix:QUEUE/loginmapd/socketmap:senders` }),
      {
        check: "chroot-path",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "a name in a chroot",
      () => ({ main: `smtpd_sender_login_maps = socketmap:inet:localhost:${ports.inet}:senders` }),
      {
        check: "chroot-name",
        severity: "error",
        services: everyLogin,
        lines: ["main.cf: smtpd_sender_login_maps = socketmap:inet:127.0.0.1:INET:senders"],
      },
    ],
    [
      "a restriction on port 25 that looks at mail from outside",
      () => ({
        main: `smtpd_sender_restrictions = reject_sender_login_mismatch, check_sender_access inline:{<>=of_login}, permit_mynetworks
smtpd_restriction_classes = of_login
smtpd_milters = unix:loginmapd/milter
of_login = check_sasl_access static:REJECT`,
        master: override("smtp", "smtpd_sasl_auth_enable", "yes"),
      }),
      {
        check: "outside-mail",
        severity: "error",
        services: ["smtp"],
        lines: [
          `main.cf: smtpd_sender_restrictions = ${restriction}, check_sender_access inline:{<>=of_login}, permit_mynetworks`,
        ],
      },
    ],
    [
      "recipient_delimiter differs",
      () => ({ main: "recipient_delimiter = -" }),
      {
        check: "recipient-delimiter",
        severity: "warning",
        services: [],
        lines: ['loginmapd.yaml: maps.senders.recipient_delimiter: "-"'],
      },
    ],
    [
      "local domains differ",
      () => ({
        yaml: { maps: { senders: { source: "mail", local_domains: ["example.com"] } } },
      }),
      {
        check: "local-domains",
        severity: "warning",
        services: [],
        lines: ["loginmapd.yaml: maps.senders.local_domains: [local.example]"],
      },
    ],
    [
      "AUTH is hidden on a service without TLS",
      () => ({ master: override("127.0.0.1:10587", "smtpd_tls_auth_only", "yes") }),
      {
        check: "auth-hidden",
        severity: "error",
        services: ["127.0.0.1:10587"],
        lines: ["master.cf, 127.0.0.1:10587 inet: -o smtpd_tls_security_level=may"],
      },
    ],
    [
      "AUTH is hidden and no certificate is set",
      () => ({ main: "smtpd_tls_cert_file =\nsmtpd_tls_key_file =" }),
      {
        check: "auth-hidden",
        severity: "error",
        services: ["submission"],
        lines: [
          "main.cf: smtpd_tls_cert_file = /etc/ssl/certs/HOST.pem",
          "main.cf: smtpd_tls_key_file = /etc/ssl/private/HOST.key",
        ],
      },
    ],
    [
      "Dovecot offers no LOGIN",
      () => ({ main: "smtpd_sasl_path = private/auth-plain" }),
      {
        check: "login-mechanism",
        severity: "warning",
        services: everyLogin,
        lines: ["Dovecot: auth_mechanisms = plain login"],
      },
    ],
    [
      "Dovecot does not answer",
      () => ({ main: "smtpd_sasl_path = private/no-auth" }),
      {
        check: "sasl-silent",
        severity: "error",
        services: everyLogin,
        lines: [
          "Dovecot: service auth { unix_listener QUEUE/private/no-auth { mode = 0660 user = postfix group = postfix } }",
        ],
      },
    ],
    [
      "Dovecot's socket is outside of the chroot",
      () => ({ main: "smtpd_sasl_path = QUEUE/private/auth" }),
      {
        check: "sasl-chroot",
        severity: "error",
        services: everyLogin,
        lines: ["main.cf: smtpd_sasl_path = private/auth"],
      },
    ],
    [
      "a proxy: table that only master.cf names",
      () => ({
        master: override(
          "submission",
          "smtpd_sender_login_maps",
          `proxy:socketmap:inet:127.0.0.1:${ports.inet}:senders`,
        ),
      }),
      {
        check: "proxy-not-approved",
        severity: "error",
        services: ["submission"],
        lines: ["main.cf: smtpd_sender_login_maps = proxy:socketmap:inet:127.0.0.1:INET:senders"],
      },
    ],
    [
      "a proxy: table that proxy_read_maps leaves out",
      () => ({
        main: `smtpd_sender_login_maps = proxy:socketmap:inet:127.0.0.1:${ports.inet}:senders\nproxy_read_maps = $virtual_alias_maps`,
      }),
      {
        check: "proxy-not-approved",
        severity: "error",
        services: everyLogin,
        lines: ["main.cf: proxy_read_maps = $virtual_alias_maps $smtpd_sender_login_maps"],
      },
    ],
    [
      "AUTH is off where the restriction stands",
      () => ({ master: override("submission", "smtpd_sasl_auth_enable", "no") }),
      {
        check: "sasl-off",
        severity: "critical",
        services: ["submission"],
        lines: ["master.cf, submission inet: -o smtpd_sasl_auth_enable=yes"],
      },
    ],
    [
      "a map that the configuration does not have",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:sender" }),
      {
        check: "map-unknown",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "no listener where Postfix asks",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/other:senders" }),
      {
        check: "listener-missing",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "tcp: at a socketmap listener",
      () => ({ main: `smtpd_sender_login_maps = tcp:127.0.0.1:${ports.inet}` }),
      {
        check: "protocol",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "a table without the name of the map",
      () => ({ main: "smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap" }),
      {
        check: "map-malformed",
        severity: "error",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "another table in place of ours",
      () => ({ main: "smtpd_sender_login_maps = static:root" }),
      {
        check: "map-elsewhere",
        severity: "warning",
        services: everyLogin,
        lines: [`main.cf: smtpd_sender_login_maps = ${ourTable}`],
      },
    ],
    [
      "smtpd_sasl_local_domain with Dovecot",
      () => ({ main: "smtpd_sasl_local_domain = example.com" }),
      {
        check: "sasl-local-domain",
        severity: "notice",
        services: everyLogin,
        lines: [
          "main.cf: smtpd_sasl_local_domain =",
          "Dovecot 2.3: auth_default_realm = example.com",
          "Dovecot 2.4: auth_default_domain = example.com",
        ],
      },
    ],
    [
      "nobody asks our milter",
      () => ({ main: "submission_milters =" }),
      {
        check: "milter-missing",
        severity: "notice",
        services: everyLogin,
        lines: ["main.cf: submission_milters = unix:loginmapd/milter"],
      },
    ],
    [
      "our configuration has no milter, and the null sender passes: one finding",
      () => ({
        main: `submission_milters =\nsubmission_sender_restrictions = ${restriction}, permit_sasl_authenticated, reject`,
        yaml: { listeners: shipped.yaml.listeners.filter(({ protocol }) => protocol !== "milter") },
      }),
      {
        check: "milter-missing",
        severity: "warning",
        services: everyLogin,
        lines: [
          `main.cf: submission_sender_restrictions = ${restriction}, ${refusesNull}, permit_sasl_authenticated, reject`,
          'loginmapd.yaml: - { protocol: milter, endpoint: "unix:QUEUE/loginmapd/milter", mode: "0660", group: postfix, map: senders, action: log }',
          "main.cf: submission_milters = unix:loginmapd/milter",
        ],
      },
    ],
  ])("%s", async (_, mistake, found) => {
    const { main = "", ...rest } = mistake();
    const lines = found.lines.map((line) => line.replace("QUEUE", queue).replace("INET", String(ports.inet)));
    const args = await plant({ main: main.replaceAll("QUEUE", queue), ...rest });
    const findings = await diagnoseAgain(args);
    expect(findings).toEqual([{ ...found, lines }]);
    await mend(args, findings);
    expect(await diagnoseAgain(args)).toEqual([]);
  });

  test("the daemon does not run", async () => {
    const port = await freePort();
    const yaml = {
      listeners: [{ protocol: "socketmap", endpoint: `inet:127.0.0.1:${port}` }, milterAt("milter-late")],
      admin: { endpoint: `unix:${join(directory.path, "admin-late")}` },
    };
    const main = `smtpd_sender_login_maps = socketmap:inet:127.0.0.1:${port}:senders
submission_milters = unix:loginmapd/milter-late`;
    const args = await plant({ main, yaml });
    expect(await diagnoseAgain(args)).toEqual([
      {
        check: "daemon-silent",
        severity: "error",
        services: everyLogin,
        lines: ["shell: systemctl start loginmapd.socket loginmapd"],
      },
    ]);
    const late = await startDaemon({ args: ["-c", args[2] as string], listening: [port] });
    expect(await diagnoseAgain(args)).toEqual([]);
    await late.stop();
  });

  test.each([
    ["its owner alone", { mode: "0600" }],
    ["another group", { mode: "0660", group: "0" }],
  ])("the socket is for %s", async (_, access) => {
    const closed = join(queue, "loginmapd/closed");
    const yaml = {
      listeners: [{ protocol: "socketmap", endpoint: `unix:${closed}`, ...access }, milterAt("milter-closed")],
      admin: { endpoint: `unix:${join(directory.path, "admin-closed")}` },
    };
    const main = `smtpd_sender_login_maps = socketmap:unix:loginmapd/closed:senders
submission_milters = unix:loginmapd/milter-closed`;
    const args = await plant({ main, yaml });
    const start = () => startDaemon({ args: ["-c", args[2] as string], listening: [closed] });
    let own = await start();
    const findings = await diagnoseAgain(args);
    expect(findings).toEqual([
      {
        check: "socket-permission",
        severity: "error",
        services: everyLogin,
        lines: [`loginmapd.yaml: - { protocol: socketmap, endpoint: "unix:${closed}", mode: "0660", group: postfix }`],
      },
    ]);
    await mend(args, findings);
    await own.stop();
    own = await start();
    expect(await diagnoseAgain(args)).toEqual([]);
    await own.stop();
  });

  test("the directory of the socket is closed", async () => {
    const folder = join(queue, "loginmapd");
    const args = await plant({});
    await chmod(folder, 0o700);
    try {
      const findings = await diagnoseAgain(args);
      expect(findings).toMatchObject([
        { check: "socket-permission", lines: [`shell: chgrp postfix ${folder} && chmod g+x ${folder}`] },
      ]);
      await mend(args, findings);
      expect(await diagnoseAgain(args)).toEqual([]);
    } finally {
      await chmod(folder, 0o755);
    }
  });
});

test("the lines of docs/enforcing.md: first they only warn, then there is nothing to say", async () => {
  const blocks = readBlocks("docs/enforcing.md");
  const [watching = "", enforcing = ""] = blocks.filter(({ language }) => language === "").map(({ text }) => text);
  const table = /^smtpd_sender_login_maps = .*$/m.exec(watching)?.[0] ?? "missing";
  expect((await diagnose({ main: watching })).map(({ check }) => check)).toEqual([
    "restriction-warns-only",
    "null-sender",
  ]);
  const args = await plant({ main: `${table}\n${enforcing}` });
  const [last] = blocks.filter(({ language, text }) => language === "sh" && text.includes("doctor"));
  const commands = (last?.text ?? "").replace("postfix reload", "true").replace("loginmapd doctor", 'loginmapd "$@"');
  const bin = join(directory.path, "bin");
  await mkdir(bin);
  const main = join(projectRoot, "dist/main.js");
  await writeFile(join(bin, "loginmapd"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env["PATH"]}` };
  expect(await run("sh", ["-ec", commands, "sh", ...args], { env })).toMatchObject(silence);
});

test("the findings are printed for people, worst first", async () => {
  const outcome = await loginmapd(
    await plant({
      main: "recipient_delimiter =\nsmtpd_sasl_local_domain = example.com\nsmtpd_sender_login_maps =",
      master: override("submission", "smtpd_sender_restrictions", `${refusesNull}, permit_sasl_authenticated, reject`),
    }),
  );
  expect(outcome).toMatchObject({ code: 1, stderr: "" });
  expect(
    outcome.stdout,
  ).toBe(`CRITICAL  submission: clients can log in, but no restriction asks who owns the sender address
          Every login may send as any address; smtpd_sender_login_maps alone does nothing.
          master.cf, submission inet: -o { smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch, ${refusesNull}, permit_sasl_authenticated, reject }

ERROR     submissions, 127.0.0.1:10587: smtpd_sender_login_maps is not set
          Nobody owns any address, so every client that is logged in is refused: 553 not owned by
          user.
          main.cf: smtpd_sender_login_maps = socketmap:unix:loginmapd/socketmap:senders

WARNING   recipient_delimiter is empty in Postfix and "+" in the map senders
          user+tag@... is an address of its own to Postfix; here it belongs to whoever owns user@...
          loginmapd.yaml: maps.senders.recipient_delimiter: ""

NOTICE    submission, submissions, 127.0.0.1:10587: smtpd_sasl_local_domain = example.com has no
          effect with Dovecot
          A login without a domain is compared with the owners as it is: alice is not
          alice@example.com.
          main.cf: smtpd_sasl_local_domain =
          Dovecot 2.3: auth_default_realm = example.com
          Dovecot 2.4: auth_default_domain = example.com

Looked at: main.cf and master.cf (submission, submissions, 127.0.0.1:10587, smtp, 127.0.0.1:10025);
Dovecot at unix:${queue}/private/auth.
`);
});

test("every parameter is expanded as postconf does", async () => {
  const read = async (...args: string[]) => {
    const { stdout } = await run("postconf", ["-c", server.home.etc, ...args]);
    return new Map(Array.from(stdout.matchAll(/^(\w+) =(.*)$/gm), ([, name = "", value = ""]) => [name, value.trim()]));
  };
  const [raw, expanded] = [await read(), await read("-x")];
  // postconf leaves alone what has a meaning at delivery only, such as $recipient.
  const names = [...raw.keys()].filter((name) => name !== "process_id" && !expanded.get(name)?.includes("$"));
  expect(names.length).toBeGreaterThan(700);
  const ours = names.map((name) => [
    name,
    expand(raw.get(name) ?? "", (one) => raw.get(one))
      .trim()
      .replaceAll(/\s+/g, " "),
  ]);
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(names.map((name) => [name, expanded.get(name)])));
});

test("a directory without main.cf: exit 69, and postconf says why", async () => {
  const outcome = await loginmapd(["doctor", "-c", daemon.configFile as string, "--postfix-config", "/nonexistent"]);
  expect(outcome).toMatchObject({ code: 69, stdout: "" });
  expect(outcome.stderr).toMatch(/^loginmapd: postconf: fatal: open \/nonexistent\/main\.cf/);
});
