/** A scripted engine that has some containers, and lets them be removed. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Labels } from "../../apphost/drivers/docker-labels.ts";

export interface ScriptedEngine {
  readonly address: string;
  /** Names of the containers that it still has. */
  left(): string[];
  close(): void;
}

export async function startScriptedEngine(path: string, containers: Record<string, Labels>): Promise<ScriptedEngine> {
  const left = new Map(Object.entries(containers));
  const server = createServer(({ method, url = "" }, response) => {
    if (method === "DELETE") {
      left.delete(/^\/containers\/([^/?]+)\?/.exec(url)?.[1] ?? "");
      response.writeHead(204).end();
    } else if (url.startsWith("/containers/json")) {
      response.end(JSON.stringify([...left].map(([Id, Labels]) => ({ Id, Names: [`/${Id}`], Labels }))));
    } else response.end(url.startsWith("/volumes") ? '{"Volumes":null}' : "[]");
  }).listen(path);
  await once(server, "listening");
  return {
    address: `unix://${path}`,
    left: () => [...left.keys()],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
