// @ts-check
/** Calls the admin API of the daemon that served the page. */

/** What the API answered in place of a result. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    /** @readonly */
    this.status = status;
  }
}

/** The token lives here and nowhere else: not in a cookie, not in storage, gone when the page is closed. */
export class Api {
  #token = "";

  get isUnlocked() {
    return this.#token !== "";
  }

  /** @param {string} token empty to forget it */
  useToken(token) {
    this.#token = token;
  }

  /**
   * @param {string} path without a leading slash, so that the page works under a prefix too
   * @param {object} [body] posts it
   * @returns {Promise<any>} the document that was answered
   * @throws {ApiError} for every answer that is not 2xx; TypeError when there is none
   */
  async call(path, body) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.#token !== "") headers["authorization"] = `Bearer ${this.#token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(15_000),
    });
    const answer = await response.json();
    if (!response.ok) throw new ApiError(response.status, String(answer?.message ?? response.statusText));
    return answer;
  }
}
