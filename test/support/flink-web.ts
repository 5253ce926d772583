/**
 * Flink's own web dashboard in front of a JobManager: a server on this machine that has the dashboard's files and passes
 * every other request on, with the run's token, as a JobManager that serves both would answer.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative } from "node:path";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

export interface FlinkWeb {
  readonly url: string;
  close(): Promise<void>;
}

/** Why the dashboard's files are not here, or null. `scripts/real-parts/fetch-flink-web` gets them. */
export function flinkWebMissing(): string | null {
  const home = process.env["FLINK_WEB_HOME"] ?? "";
  if (existsSync(join(home, "web", "index.html")) && home !== "") return null;
  const reason = home === "" ? "FLINK_WEB_HOME is not set" : `FLINK_WEB_HOME is ${home}, which has no web/index.html`;
  if (process.env["REQUIRE_REAL"] === "1") throw new Error(`${reason}, and REQUIRE_REAL=1 asks for it`);
  return reason;
}

/** `authorization` is the header that calls need which change something. */
export async function startFlinkWeb(jobManagerUrl: string, authorization: string): Promise<FlinkWeb> {
  const files = await listFiles(join(process.env["FLINK_WEB_HOME"] ?? "", "web"));
  const server = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url ?? "/", "http://127.0.0.1");
    const file = files.get(pathname === "/" ? "/index.html" : pathname);
    if (file === undefined) passOn(new URL(asked.url ?? "/", jobManagerUrl), authorization, asked, answer);
    else sendFile(file, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** By the path of their addresses. */
async function listFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [`/${relative(folder, path)}`, path]));
}

function sendFile(path: string, answer: ServerResponse): void {
  readFile(path).then(
    (bytes) => {
      const type = CONTENT_TYPES[extname(path)] ?? "application/octet-stream";
      answer.writeHead(200, { "content-type": type, "cache-control": "no-cache" }).end(bytes);
    },
    (error: Error) => answer.destroy(error),
  );
}

/** The Host header becomes the JobManager's, which refuses any other. */
function passOn(target: URL, authorization: string, asked: IncomingMessage, answer: ServerResponse): void {
  const headers = { ...asked.headers, host: target.host, authorization };
  const passed = request(target, { method: asked.method, headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  // The page sees a failed call, and so does its test.
  passed.on("error", (error) => answer.destroy(error));
  answer.on("close", () => passed.destroy());
  asked.pipe(passed);
}
