/** Reads the HTTP transcripts of a document, so that a test can hold them against the program. */

/** A request and the response that the document promises. */
export interface Transcript {
  /** Line of the document, for the title of a test. */
  readonly line: number;
  /** The last `<!-- comment -->` before the request, if one stands between it and the transcript before. */
  readonly circumstance: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** Parsed; a string `…` in it stands for anything. */
  readonly responseBody: unknown;
}

/** @throws when a request has no response, or a block is not HTTP */
export function readTranscripts(markdown: string): Transcript[] {
  const blocks = [...markdown.matchAll(/<!-- (.*?) -->|```http\n(.*?)```/gs)];
  const transcripts: Transcript[] = [];
  let circumstance = "";
  for (let i = 0; i < blocks.length; i++) {
    const [, comment, request] = blocks[i] ?? [];
    if (comment !== undefined) {
      circumstance = comment;
      continue;
    }
    const response = blocks[++i]?.[2];
    const asked = splitMessage(request ?? "");
    const answered = splitMessage(response ?? "");
    const [, method, url = ""] = /^(GET|POST) (\S+) HTTP\/1\.1$/.exec(asked.start) ?? [];
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answered.start)?.[1]);
    if (method !== "GET" && method !== "POST") throw new Error(`not a request: ${asked.start}`);
    if (Number.isNaN(status)) throw new Error(`not a response to ${asked.start}: ${answered.start}`);
    transcripts.push({
      line: markdown.slice(0, blocks[i - 1]?.index).split("\n").length,
      circumstance,
      method,
      url,
      headers: asked.headers,
      body: asked.body,
      status,
      responseHeaders: answered.headers,
      responseBody: JSON.parse(answered.body),
    });
    circumstance = "";
  }
  return transcripts;
}

function splitMessage(message: string): { start: string; headers: Record<string, string>; body: string } {
  const [head = "", ...rest] = message.trimEnd().split("\n\n");
  const [start = "", ...lines] = head.split("\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { start, headers, body: rest.join("\n\n") };
}
