import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, expect, test } from "vitest";
import { buildSidecar } from "../../../../src/sidecar/app.ts";
import { FakeDaemon } from "../../../support/fakes/fake-daemon.ts";

interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly { readonly name: string; readonly required?: boolean }[];
}

interface OpenapiDocument extends Record<string, unknown> {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let document: OpenapiDocument;

beforeAll(async () => {
  const response = await buildSidecar(new FakeDaemon()).inject("/v1/openapi.json");
  expect(response.statusCode).toBe(200);
  document = response.json();
});

test("the document is valid OpenAPI 3", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document.openapi).toBe("3.0.3");
  expect(document.info).toMatchObject({ title: "loginmapd admin API", version: "0.1.0" });
});

test("the document has every route of the API, and not the page", () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => {
    return Object.keys(methods).map((method) => `${method} ${path}`);
  });
  expect(operations.sort()).toEqual([
    "get /healthz",
    "get /metrics",
    "get /readyz",
    "get /v1/addresses",
    "get /v1/cache",
    "get /v1/lookup",
    "get /v1/openapi.json",
    "get /v1/status",
    "post /v1/cache/flush",
  ]);
});

test("the document says which routes need the token, and what they answer without", () => {
  const guarded = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.values(methods).map((operation) => [path, operation] as const))
    .filter(([, { security }]) => security?.length === 1)
    .map(([path, { responses }]) => [path, Object.keys(responses).sort().join(" ")]);
  expect(Object.fromEntries(guarded)).toEqual({
    "/v1/addresses": "200 400 401 403 404 503",
    "/v1/cache": "200 401 403",
    "/v1/cache/flush": "200 400 401 403 404 500",
    "/v1/lookup": "200 400 401 403 404 503",
  });
});

test("the document names the parameters of a lookup", () => {
  const { parameters } = document.paths["/v1/lookup"]?.["get"] ?? {};
  expect(parameters?.map(({ name, required = false }) => [name, required])).toEqual([
    ["address", true],
    ["login", false],
    ["map", false],
  ]);
});
