/** An HTTP server that answers as a Flink would, with the answers that it was given, and keeps what it was asked. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HostPort } from "../../simulator/common/foundation/address.ts";

/** Of `GET /path?query`, and the JSON that came with it; undefined: 404. */
export type FlinkScript = (
  call: string,
  body: unknown,
) => { readonly status?: number; readonly body: unknown } | undefined;

export interface ScriptedFlink {
  readonly address: HostPort;
  readonly url: string;
  readonly calls: readonly string[];
  close(): void;
}

export async function startScriptedFlink(script: FlinkScript): Promise<ScriptedFlink> {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url}`;
    calls.push(call);
    const text = (await request.toArray()).join("");
    const answer = script(call, text === "" ? null : JSON.parse(text));
    response.writeHead(answer?.status ?? (answer === undefined ? 404 : 200), { connection: "close" });
    response.end(JSON.stringify(answer?.body ?? { errors: ["Not found"] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: "127.0.0.1", port },
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () => void server.close(),
  };
}
