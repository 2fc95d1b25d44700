/** The sidecar's HTTP server over the life of the daemon: loaded once, moved by a reload, closed at the end. */
import { type Endpoint, formatEndpoint } from "../model/settings.ts";
import type { buildSidecar } from "../sidecar/app.ts";
import { listenSidecar } from "../sidecar/listen.ts";
import { ListenError } from "../system/errno.ts";

/** The HTTP server of the sidecar, which a reload may move to another endpoint. */
export class SidecarServer {
  readonly #build: () => ReturnType<typeof buildSidecar>;
  #app: ReturnType<typeof buildSidecar> | undefined;
  #endpoint = "";
  #isClosed = false;

  constructor(build: () => ReturnType<typeof buildSidecar>) {
    this.#build = build;
  }

  /** @throws {ListenError}; the endpoint before it stays open then */
  async listen(endpoint: Endpoint): Promise<void> {
    const name = formatEndpoint(endpoint);
    if (name === this.#endpoint) return;
    const app = this.#build();
    try {
      await listenSidecar(app, endpoint);
    } catch (error) {
      await app.close();
      const reason = error instanceof ListenError ? error.reason : String(error);
      throw new ListenError(name, `${reason} (admin.endpoint)`, { cause: error });
    }
    const previous = this.#app;
    this.#app = app;
    this.#endpoint = name;
    await previous?.close();
    if (this.#isClosed) await app.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#app?.close();
  }
}
