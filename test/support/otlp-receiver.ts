/** A collector for tests: takes what OTLP exporters send over HTTP, decodes it at once, and keeps it. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import {
  decodeLogs,
  decodeMetrics,
  decodeTraces,
  type ReceivedLog,
  type ReceivedPoint,
  type ReceivedSpan,
} from "./otlp-messages.ts";

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** In the order of their coming: the last of a metric is its newest. */
  readonly points: ReceivedPoint[];
  readonly logs: ReceivedLog[];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** What could not be decoded; a test expects none. */
  readonly problems: unknown[];
  close(): void;
}

/** `answers`: false for one that accepts connections and requests, and never says a word. */
export async function startOtlpReceiver({
  answers = true,
}: {
  readonly answers?: boolean;
} = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const points: ReceivedPoint[] = [];
  const logs: ReceivedLog[] = [];
  const requests: OtlpReceiver["requests"] = [];
  const problems: unknown[] = [];
  const take = (path: string, body: Buffer, contentType: string) => {
    if (path.endsWith("/v1/traces")) spans.push(...decodeTraces(body, contentType));
    else if (path.endsWith("/v1/metrics")) points.push(...decodeMetrics(body, contentType));
    else if (path.endsWith("/v1/logs")) logs.push(...decodeLogs(body, contentType));
    else problems.push(`a request for ${path}`);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined);
    request.on("end", () => {
      const { url: path = "", headers } = request;
      requests.push({ path, headers });
      if (!answers) return;
      const contentType = headers["content-type"] ?? "";
      try {
        take(path, Buffer.concat(chunks), contentType);
      } catch (error) {
        problems.push(error);
      }
      response.writeHead(200, { "content-type": contentType });
      response.end(contentType.startsWith("application/json") ? "{}" : undefined);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    points,
    logs,
    requests,
    problems,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
