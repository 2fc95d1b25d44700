/**
 * Runs a private slapd: its own database, sockets and loopback ports, gone when the test is.
 *
 * A start takes some 50 ms. Entries are loaded offline, so thousands take no longer; `change` edits a running one. Nothing here
 * uses the code under test.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "ldapts";
import { makeDirectory } from "../directories.ts";
import { waitUntil } from "../wait.ts";
import { makeAuthority, makeCertificate } from "./certificates.ts";
import { freePorts } from "./ports.ts";
import { type Child, startChild } from "./processes.ts";

const run = promisify(execFile);

/** What a test may ask for. */
export interface SlapdOptions {
  /** Loaded after the suffix `dc=example,dc=com`, `ou=people` and `ou=groups`, which are always there. */
  readonly ldif?: string;
  /** Lines for the database in slapd.conf, such as `sizelimit 5`. */
  readonly settings?: readonly string[];
  /** Whether it keeps `contextCSN` up to date, as a server does that others replicate from. */
  readonly isProvider?: boolean;
  /** `dc=example,dc=com` unless it says otherwise; then `ldif` holds every entry, the suffix too. */
  readonly suffix?: string;
  /** Names in the server's certificate; `IP:127.0.0.1,DNS:localhost` unless it says otherwise. */
  readonly certificateFor?: string;
}

/** A private server. Its administrator is `cn=admin,dc=example,dc=com` with the password `admin`; everybody may read. */
export interface Slapd {
  readonly uri: string;
  readonly secureUri: string;
  readonly socketUri: string;
  readonly port: number;
  readonly securePort: number;
  /** Certificate of the authority that signed the server's. */
  readonly caFile: string;
  readonly folder: string;
  readonly pid: number;
  /** Adds, changes or deletes entries, as ldapmodify reads them. */
  change(ldif: string): Promise<void>;
  start(): Promise<void>;
  /** Starts it anew with other settings, or another certificate of the same authority; what is not named is as at first. */
  restartWith(changes: Pick<SlapdOptions, "settings" | "certificateFor">): Promise<void>;
  /** Ends it in an orderly way and waits. */
  stop(): Promise<void>;
  /** Ends it at once and waits. */
  kill(): Promise<void>;
  /** Makes it hang: connections are accepted by the kernel, nothing answers. */
  pause(): void;
  resume(): void;
  remove(): Promise<void>;
}

/** The suffix of a directory that is asked for no other. */
export const suffix = "dc=example,dc=com";

/** The account that reads, when a test wants one that has to bind. */
export const reader = { dn: `cn=reader,${suffix}`, password: "reader" } as const;

const base = `dn: ${suffix}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,${suffix}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${suffix}
objectClass: organizationalUnit
ou: groups

dn: ${reader.dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: ${reader.password}
`;

// Attributes that mail systems have, with the syntax of those that they stand for.
const schema = `
attributetype ( 1.3.6.1.4.1.99999.1 NAME 'mailAlias' EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.2 NAME 'maildrop' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.3 NAME 'memberUrl' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.4 NAME 'enabledService' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.5 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.6 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.7 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.8 NAME 'mailGroupMember' SUP mailAlias )
attributetype ( 1.3.6.1.4.1.99999.9 NAME 'accountStatus' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.10 NAME 'domainName' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.11 NAME 'utf8Mail' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.12 NAME 'shadowAddress' SUP mailAlias )
attributetype ( 1.3.6.1.4.1.99999.13 NAME 'domainAliasName' SUP domainName )
attributetype ( 1.3.6.1.4.1.99999.14 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.15 NAME 'domainStatus' SUP accountStatus )
attributetype ( 1.3.6.1.4.1.99999.16 NAME 'mailPrimaryAddress' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.17 NAME 'mailAlternativeAddress' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.99999.18 NAME 'permission' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.99999.101 NAME 'mailUser' SUP top AUXILIARY MAY ( mail $ shadowAddress $ enabledService $ accountStatus $ domainStatus ) )
objectclass ( 1.3.6.1.4.1.99999.102 NAME 'mailDomain' SUP top STRUCTURAL MUST domainName MAY ( domainAliasName $ enabledService $ accountStatus ) )
objectclass ( 1.3.6.1.4.1.99999.103 NAME 'user' SUP top AUXILIARY MAY ( mail $ proxyAddresses $ sAMAccountName $ userPrincipalName $ userAccountControl ) )
objectclass ( 1.3.6.1.4.1.99999.104 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( mail $ member $ proxyAddresses $ sAMAccountName ) )
objectclass ( 1.3.6.1.4.1.99999.105 NAME 'mailAccount' SUP top AUXILIARY MAY ( mail $ maildrop $ permission ) )
objectclass ( 1.3.6.1.4.1.99999.106 NAME 'univentionMail' SUP top AUXILIARY MAY ( mailPrimaryAddress $ mailAlternativeAddress ) )
objectclass ( 1.3.6.1.4.1.99999.100 NAME 'mailObject' SUP top AUXILIARY MAY ( mail $ mailAlias $ maildrop $ memberUrl $ enabledService $ proxyAddresses $ sAMAccountName $ userPrincipalName $ mailGroupMember $ accountStatus $ domainName $ utf8Mail $ uid ) )
`;

/** Starts a private slapd. Names the Debian package when it is not installed. */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  if (!existsSync(program)) throw new Error("slapd is missing: apt-get install slapd (or bash test/all.sh)");
  const { path: folder } = await makeDirectory("slapd");
  const [port, securePort] = (await freePorts(2)) as [number, number];
  const server = new Server(folder, port, securePort, options);
  try {
    await mkdir(join(folder, "db"));
    await makeAuthority(folder);
    await writeFile(join(folder, "site.schema"), schema);
    await server.configure(options);
    await writeFile(join(folder, "base.ldif"), `${options.suffix === undefined ? base : ""}\n${options.ldif ?? ""}`);
    await run("/usr/sbin/slapadd", ["-q", "-f", join(folder, "slapd.conf"), "-l", join(folder, "base.ldif")]);
    await server.start();
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
}

const program = "/usr/sbin/slapd";

function configuration(folder: string, { settings = [], suffix: top = suffix, isProvider }: SlapdOptions): string {
  const at = (name: string) => join(folder, name);
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include ${at("site.schema")}
modulepath /usr/lib/ldap
moduleload back_mdb
${isProvider === true ? "moduleload syncprov" : ""}
pidfile ${at("pid")}
TLSCertificateFile ${at("server.pem")}
TLSCertificateKeyFile ${at("server.key")}
TLSCACertificateFile ${at("ca.pem")}
TLSVerifyClient never
database mdb
suffix ${top}
rootdn cn=admin,${top}
rootpw admin
directory ${at("db")}
dbnosync
maxsize 268435456
index objectClass,uid,mailAlias,proxyAddresses eq
index mail eq,sub
${settings.join("\n")}
access to attrs=userPassword by anonymous auth by * none
access to * by * read
${isProvider === true ? "overlay syncprov" : ""}
`;
}

class Server implements Slapd {
  readonly folder: string;
  readonly port: number;
  readonly securePort: number;
  readonly caFile: string;
  readonly #options: SlapdOptions;
  #child: Child | undefined;

  constructor(folder: string, port: number, securePort: number, options: SlapdOptions) {
    this.folder = folder;
    this.#options = options;
    this.port = port;
    this.securePort = securePort;
    this.caFile = join(folder, "ca.pem");
  }

  get uri(): string {
    return `ldap://127.0.0.1:${this.port}`;
  }

  get secureUri(): string {
    return `ldaps://127.0.0.1:${this.securePort}`;
  }

  get socketUri(): string {
    return `ldapi://${encodeURIComponent(join(this.folder, "ldapi"))}`;
  }

  get pid(): number {
    if (this.#child?.isRunning() !== true) throw new Error("slapd is not running");
    return this.#child.pid;
  }

  async start(): Promise<void> {
    if (this.#child?.isRunning() === true) throw new Error("slapd is running already");
    const listen = [this.uri, this.secureUri, this.socketUri].map((uri) => `${uri}/`).join(" ");
    const child = startChild(program, ["-f", join(this.folder, "slapd.conf"), "-h", listen, "-d", "0"]);
    this.#child = child;
    await waitUntil("slapd to answer", async () => {
      if (!child.isRunning()) throw new Error(`slapd ended at once: ${child.stderr()}`);
      const client = new Client({ url: this.uri, connectTimeout: 1000, timeout: 1000 });
      try {
        await client.search("", { scope: "base", attributes: ["1.1"] });
        return true;
      } catch {
        return false;
      } finally {
        await client.unbind();
      }
    });
  }

  async change(ldif: string): Promise<void> {
    const file = join(this.folder, "change.ldif");
    await writeFile(file, ldif);
    await run("ldapmodify", ["-x", "-H", this.uri, "-D", `cn=admin,${suffix}`, "-w", "admin", "-f", file]);
  }

  async configure(options: SlapdOptions): Promise<void> {
    await makeCertificate(this.folder, options.certificateFor ?? "IP:127.0.0.1,DNS:localhost", "directory");
    await writeFile(join(this.folder, "slapd.conf"), configuration(this.folder, options));
  }

  async restartWith(changes: Pick<SlapdOptions, "settings" | "certificateFor">): Promise<void> {
    await this.stop();
    await this.configure({ ...this.#options, ...changes });
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  pause(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  async remove(): Promise<void> {
    if (this.#child?.isRunning() === true) await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child?.isRunning() !== true) return;
    process.kill(this.#child.pid, "SIGCONT");
    this.#child.signal(signal);
    await this.#child.exited;
  }
}
