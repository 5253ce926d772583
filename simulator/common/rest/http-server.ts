/**
 * HTTP for the JobManager's REST: node:http, JSON in and JSON or text out, no framework.
 *
 * H1 Listens on 127.0.0.1. A request whose Host header names anything but this address gets 403: a web page that
 *    resolves its own name to 127.0.0.1 must not read us. No CORS header is ever sent.
 * H2 Calls that change something carry the run's token, compared in constant time.
 * H3 Bodies are bounded before they are kept, and requests in time.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { describeError } from "../foundation/errors.ts";
import type { Log } from "../foundation/log.ts";

// For the reason that stands in `simulator/common/foundation/http-call.ts`: a host has it, too.
const { createServer } = process.getBuiltinModule("node:http");

const BODY_BYTES_MAX = 262_144;
const REQUEST_WITHIN_MS = 10_000;

export interface RestRequest {
  readonly method: string;
  /** Without `/v1` and without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed JSON of the body; undefined when it is empty. */
  readonly body: unknown;
}

export type RestResponse =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown }
  | { readonly kind: "text"; readonly status: number; readonly contentType: string; readonly text: string };

/** Refuses a request; `message` is what the caller reads. */
export class RestError extends Error {
  override readonly name = "RestError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface RestServerOptions {
  readonly token: string;
  readonly log: Log;
  readonly handle: (request: RestRequest) => Promise<RestResponse>;
}

export class RestServer {
  readonly #options: RestServerOptions;
  readonly #server: Server;
  #port = 0;

  constructor(options: RestServerOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: REQUEST_WITHIN_MS }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        options.log.warn("a REST answer could not be sent", error);
        response.destroy();
      });
    });
  }

  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        this.#server.removeListener("error", reject);
        this.#port = (this.#server.address() as { port: number }).port;
        resolve(this.#port);
      });
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request).catch((error: unknown) => this.#refuse(error));
    const text = answer.kind === "json" ? JSON.stringify(answer.body) : answer.text;
    response.writeHead(answer.status, {
      "content-type": answer.kind === "json" ? "application/json; charset=UTF-8" : answer.contentType,
      "content-length": Buffer.byteLength(text),
      // What was not read of a refused body must not be taken for the next request.
      ...(request.complete ? {} : { connection: "close" }),
    });
    response.end(text);
  }

  async #answer(request: IncomingMessage): Promise<RestResponse> {
    const method = request.method ?? "GET";
    this.#checkHost(request.headers.host);
    if (method !== "GET" && method !== "HEAD") this.#checkToken(request.headers.authorization);
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const path = url.pathname.replace(/^\/v1(?=\/)/, "");
    return this.#options.handle({ method, path, query: url.searchParams, body: await readBody(request) });
  }

  /** Flink's form of errors. */
  #refuse(error: unknown): RestResponse {
    if (error instanceof RestError) return { kind: "json", status: error.status, body: { errors: [error.message] } };
    this.#options.log.error("a REST call failed", error);
    return { kind: "json", status: 500, body: { errors: [`Internal server error: ${describeError(error)}`] } };
  }

  /** H1. */
  #checkHost(host: string | undefined): void {
    const expected = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (host === undefined || !expected.includes(host.toLowerCase())) {
      throw new RestError(403, `The Host header is "${host ?? ""}": expected ${expected.join(" or ")}.`);
    }
  }

  /** H2. */
  #checkToken(authorization: string | undefined): void {
    const given = Buffer.from(authorization ?? "");
    const expected = Buffer.from(`Bearer ${this.#options.token}`);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new RestError(401, "This call changes something: send the run's token as Authorization: Bearer <token>.");
    }
  }
}

/** H3. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new RestError(413, `The body is longer than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new RestError(400, `The body is not JSON: ${describeError(error)}.`);
  }
}
