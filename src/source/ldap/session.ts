/**
 * One connection to one LDAP server: several searches at a time, each within a time.
 *
 * Knows the wire; knows neither tables nor lookups nor what becomes of a host that fails.
 */
import type { BerWriter, Filter, SearchEntry } from "ldapts";
import type { Endpoint, LdapServer } from "../../model/settings.ts";
import { SocketSession } from "../pool/socket-session.ts";
import { type OpenSession, type Session, SessionError } from "../session.ts";
import type { Attribute } from "./attributes.ts";
import { type LdapLogin, type OpenConnection, openConnection } from "./connection.ts";
import { writeFilter } from "./encode-filter.ts";
import { LdapError, resultCode, toConnectionError, toLdapError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { anyEntry } from "./filter-template.ts";
import { type Entry, noKey, type Search } from "./search.ts";

/** A session that searches. */
export interface LdapSession extends Session {
  /**
   * Runs a search; others may be under way on the same session.
   *
   * @throws {LdapError} with the server's result code
   * @throws {SessionError} of kind `connection` or `timeout` with a closed session when there was no answer
   */
  search(search: Search): Promise<readonly Entry[]>;
}

/** Makes what opens sessions with one login. Whatever goes wrong while opening, the host is of no use now. */
export function ldapSessions(servers: readonly LdapServer[], login: LdapLogin): OpenSession<LdapSession> {
  // The pool knows endpoints only; which of them begin with TLS is known here.
  const serverOf = new Map<Endpoint, LdapServer>(servers.map((server) => [server.endpoint, server]));
  return async (endpoint, times) => {
    const server = serverOf.get(endpoint) ?? { endpoint, isTls: false };
    try {
      return new DirectorySession(await openConnection(server, login, times), login.queryTimeoutMs);
    } catch (error) {
      const { message } = toConnectionError(error);
      throw new SessionError(error instanceof LdapError ? "refused" : "connection", message, { cause: error });
    }
  };
}

class DirectorySession extends SocketSession implements LdapSession {
  readonly #exchange: Exchange;
  readonly #timeLimitSeconds: number;

  constructor({ exchange, socket }: OpenConnection, queryTimeoutMs: number) {
    super(socket, queryTimeoutMs);
    this.#exchange = exchange;
    exchange.onBroken = ({ message }) => this.destroy(message);
    this.#timeLimitSeconds = Math.max(1, Math.floor(queryTimeoutMs / 1000));
  }

  async search(search: Search): Promise<readonly Entry[]> {
    return this.timed(() => this.#search(search));
  }

  // The root DSE is there for everybody. Any answer is a sign of life; what it says is nothing to us.
  async check(): Promise<void> {
    try {
      const root = { base: "", scope: "base", filter: anyEntry, key: noKey, attributes: ["1.1"] } as const;
      await this.search({ ...root, dereference: "never", sizeLimit: 0 });
    } catch (error) {
      if (!(error instanceof LdapError) || error.kind === "connection") throw error;
    }
  }

  protected async sayGoodbye(): Promise<void> {
    const { UnbindRequest } = await import("ldapts");
    this.#exchange.send((messageId) => new UnbindRequest({ messageId }));
  }

  async #search({ base, scope, filter, key, attributes, dereference, sizeLimit }: Search): Promise<readonly Entry[]> {
    const { SearchRequest } = await import("ldapts");
    const { status, words, entries } = await this.#exchange.request(
      (messageId) =>
        new SearchRequest({
          messageId,
          baseDN: base,
          scope,
          derefAliases: dereference,
          sizeLimit,
          timeLimit: this.#timeLimitSeconds,
          // A request asks its filter to write itself, and nothing else.
          filter: { write: (writer: BerWriter) => writeFilter(writer, filter, key) } as unknown as Filter,
          attributes: [...attributes],
        }),
    );
    if (status !== resultCode.success) throw toLdapError(status, words);
    return entries.map(toEntry);
  }
}

function toEntry({ name, attributes }: SearchEntry): Entry {
  return { dn: name, attributes: attributes.map(({ type, values }): Attribute => ({ type, values })) };
}
