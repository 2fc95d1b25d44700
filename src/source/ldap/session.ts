/**
 * One connection to one LDAP server: several searches at a time, each within a time.
 *
 * Knows the wire; knows neither tables nor lookups nor what becomes of a host that fails.
 */
import type { BerWriter, Control, Filter, SearchEntry } from "ldapts";
import type { Endpoint, LdapServer } from "../../model/settings.ts";
import { SocketSession } from "../pool/socket-session.ts";
import { isAgainstHost, kindOfOpening, type OpenSession, type Session, SessionError } from "../session.ts";
import type { Attribute } from "./attributes.ts";
import { type LdapLogin, type OpenConnection, openConnection } from "./connection.ts";
import { writeFilter } from "./encode-filter.ts";
import { LdapError, resultCode, toConnectionError, toLdapError } from "./errors.ts";
import type { Answered, Exchange, Ldapts } from "./exchange.ts";
import { type Entry, oneEntry, type Search } from "./search.ts";
import { turns } from "./turns.ts";

/** A session that searches. */
export interface LdapSession extends Session {
  /**
   * Runs a search; others may be under way on the same session.
   *
   * @throws {LdapError} with the server's result code
   * @throws {SessionError} of kind `connection` or `timeout` with a closed session when there was no answer
   */
  search(search: Search): Promise<readonly Entry[]>;
  /**
   * Runs a search whose entries come a page at a time (RFC 2696), the next one when it is taken. A server that knows no pages sends
   * one with everything. Nothing else may be asked on the session meanwhile: some servers then forget where they were.
   *
   * @throws as `search`; what came before is then a part, to be taken for nothing
   */
  pages(search: Search, pageSize: number): AsyncGenerator<readonly Entry[], void, undefined>;
}

// slapd closes a connection on which a hundred searches wait (conn_max_pending).
const maxSearchesUnderWay = 64;

/** Makes what opens sessions with one login. Whatever goes wrong while opening, the host is of no use now. */
export function ldapSessions(servers: readonly LdapServer[], login: LdapLogin): OpenSession<LdapSession> {
  // The pool knows endpoints only; which of them begin with TLS is known here.
  const serverOf = new Map<Endpoint, LdapServer>(servers.map((server) => [server.endpoint, server]));
  return async (endpoint, times) => {
    const server = serverOf.get(endpoint) ?? { endpoint, isTls: false };
    try {
      return new DirectorySession(await openConnection(server, login, times), login);
    } catch (error) {
      const { message } = toConnectionError(error);
      throw new SessionError(kindOfOpening(error, error instanceof LdapError), message, { cause: error });
    }
  };
}

class DirectorySession extends SocketSession implements LdapSession {
  readonly #ldapts: Ldapts;
  readonly #exchange: Exchange;
  readonly #timeLimitSeconds: number;
  readonly #sampleBase: string;
  readonly #inTurn = turns(maxSearchesUnderWay);

  constructor({ ldapts, exchange, socket }: OpenConnection, { queryTimeoutMs, sampleBase }: LdapLogin) {
    super(socket, queryTimeoutMs);
    this.#ldapts = ldapts;
    this.#exchange = exchange;
    this.#sampleBase = sampleBase;
    exchange.onBroken = ({ message }) => this.destroy(message);
    this.#timeLimitSeconds = Math.max(1, Math.floor(queryTimeoutMs / 1000));
  }

  async search(search: Search): Promise<readonly Entry[]> {
    const { entries } = await this.#inTurn(() => this.timed(() => this.#search(search, [])));
    return entries.map(toEntry);
  }

  async *pages(search: Search, pageSize: number): AsyncGenerator<readonly Entry[], void, undefined> {
    const { PagedResultsControl } = this.#ldapts;
    let cookie: Buffer | undefined = Buffer.alloc(0);
    while (cookie !== undefined) {
      const page = new PagedResultsControl({ value: { size: pageSize, cookie } });
      const { entries, controls } = await this.timed(() => this.#search(search, [page]));
      const next = controls.find((control) => control instanceof PagedResultsControl)?.value?.cookie;
      cookie = next === undefined || next.length === 0 ? undefined : next;
      yield entries.map(toEntry);
    }
  }

  // What lookups ask below it tells more than the root DSE: the server may be there, and its database not. That the entry is not
  // there, or may not be read, is an answer.
  async check(): Promise<void> {
    try {
      await this.search({ ...oneEntry(this.#sampleBase), attributes: ["1.1"] });
    } catch (error) {
      if (!(error instanceof LdapError) || isAgainstHost(error)) throw error;
    }
  }

  protected async sayGoodbye(): Promise<void> {
    const { UnbindRequest } = this.#ldapts;
    this.#exchange.send((messageId) => new UnbindRequest({ messageId }));
  }

  async #search(search: Search, controls: Control[]): Promise<Answered> {
    const { base, scope, filter, key, attributes, dereference, sizeLimit } = search;
    const { SearchRequest } = this.#ldapts;
    const answered = await this.#exchange.request(
      (messageId) =>
        new SearchRequest({
          messageId,
          controls,
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
    if (answered.status !== resultCode.success) throw toLdapError(answered.status, answered.words);
    return answered;
  }
}

function toEntry({ name, attributes }: SearchEntry): Entry {
  return { dn: name, attributes: attributes.map(({ type, values }): Attribute => ({ type, values })) };
}
