/** Turns everything that can go wrong with a request into `{ statusCode, code, message }`, without a stack or a name within. */
import type { Socket } from "node:net";
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError,
} from "fastify";
import type { SidecarDeps } from "./deps.ts";
import { HttpError, type HttpErrorCode, httpErrors, toErrorBody } from "./http-error.ts";

// What Fastify itself refuses; the first code that has the status, since those with several are thrown as HttpError.
const byStatus = new Map<number, HttpErrorCode>([
  [400, "ERR_HTTP_BAD_REQUEST"],
  [413, "ERR_HTTP_TOO_LARGE"],
  [415, "ERR_HTTP_MEDIA_TYPE"],
]);

/** Sets the answers for failed requests, unknown paths and methods that a path does not have. */
export function answerErrors(app: FastifyInstance, { log }: SidecarDeps): void {
  const methods = new Map<string, string[]>();
  app.addHook("onRoute", ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const allowed = methods.get(path);
    if (allowed === undefined) return reply.code(404).send(toErrorBody("ERR_HTTP_NOT_FOUND", "there is nothing here"));
    // RFC 9110 section 15.5.6: a 405 names the methods that would do.
    const allow = allowed.join(", ");
    return reply
      .code(405)
      .header("allow", allow)
      .send(toErrorBody("ERR_HTTP_METHOD", `only ${allow} is allowed here`));
  });

  app.setErrorHandler((error: FastifyError | HttpError, request, reply) => {
    const { code, message } = toAnswer(error);
    if (code === "ERR_HTTP_INTERNAL") {
      log.error({ err: error, path: request.routeOptions.url }, "admin request failed unexpectedly");
    }
    return reply.code(httpErrors[code]).send(toErrorBody(code, message));
  });
}

function toAnswer(error: FastifyError | HttpError): { code: HttpErrorCode; message: string } {
  if (error instanceof HttpError) return error;
  const code = byStatus.get(error.statusCode ?? 500);
  return code === undefined
    ? { code: "ERR_HTTP_INTERNAL", message: "internal error; the log has it" }
    : { code, message: error.message };
}

/** Answers what Fastify refuses before a route is found: a URL that cannot be decoded. */
export function answerFrameworkError(_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  reply.code(400).send(toErrorBody("ERR_HTTP_BAD_REQUEST", "the URL cannot be decoded"));
}

/** Says in one sentence what a schema did not like, naming the parameter. */
export function formatSchemaError(errors: FastifySchemaValidationError[], part: string): Error {
  if (errors.some(({ keyword, schemaPath }) => keyword === "oneOf" && schemaPath.startsWith("#/oneOf"))) {
    return new Error("give exactly one of address, domain, login and all");
  }
  const [error] = errors;
  if (error === undefined) return new Error(`${part} is not valid`);
  const where = `${part}${error.instancePath.replaceAll("/", ".")}`;
  if (error.keyword === "additionalProperties") {
    return new Error(`${where}: there is no parameter ${JSON.stringify(error.params["additionalProperty"])}`);
  }
  return new Error(`${where}: ${error.message ?? "not valid"}`);
}

/** Answers a connection on which no request could be read: broken or oversized headers, or none in time. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const { statusCode, ...body } = toErrorBody(...clientErrors(error.code));
  const text = JSON.stringify({ statusCode, ...body });
  socket.end(
    `HTTP/1.1 ${statusCode} ${body.code}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function clientErrors(code: string | undefined): [HttpErrorCode, string] {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["ERR_HTTP_TIMEOUT", "the request took too long to arrive"];
    case "HPE_HEADER_OVERFLOW":
      return ["ERR_HTTP_HEADERS_TOO_LARGE", "the headers are too large"];
    default:
      return ["ERR_HTTP_BAD_REQUEST", "this is not HTTP"];
  }
}
