/**
 * One HTTP call to a server on this machine, body and answer as text. Node's `fetch` would do the same, but
 * loads 60 ms of code that nothing here needs, in processes that are to be out of the way.
 *
 * Node's own agent sends every call to a proxy when the environment tells it to (NODE_USE_ENV_PROXY, HTTP_PROXY), those to
 * this machine and their tokens included. This one knows of no proxy.
 */

// An `import` would look at all that this module has, and with its WebSocket load `fetch` after all.
const { Agent, request } = process.getBuiltinModule("node:http");

const direct = new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5_000 });

export interface HttpCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** null for somebody else's server, which must not learn ours. */
  readonly token: string | null;
  /** Sent as JSON; null for none. */
  readonly body: object | null;
  /** Ends the call: there is no deadline but this. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const ANSWER_LENGTH_MAX = 16 * 1024 * 1024;

/** Rejects with the socket's error, or with the signal's. */
export function callHttp({ method, url, token, body, signal }: HttpCall): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const text = body === null ? "" : JSON.stringify(body);
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  };
  const call = request(url, { agent: direct, method, headers, signal }, (answer) => {
    const chunks: string[] = [];
    let length = 0;
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > ANSWER_LENGTH_MAX)
        answer.destroy(new Error(`an answer of more than ${ANSWER_LENGTH_MAX} characters`));
    });
    answer.on("error", reject);
    answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: chunks.join("") }));
  });
  call.on("error", reject);
  call.end(text);
  return promise;
}

export const isOk = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;
