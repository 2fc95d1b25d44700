/** An endpoint that cannot be listened on. */
export class ListenError extends Error {
  readonly endpoint: string;
  /** Why, without the endpoint. */
  readonly reason: string;

  constructor(endpoint: string, reason: string, options?: ErrorOptions) {
    super(`cannot listen on ${endpoint}: ${reason}`, options);
    this.name = "ListenError";
    this.endpoint = endpoint;
    this.reason = reason;
  }
}
