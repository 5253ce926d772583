/** A scripted engine that has some containers with these labels, named by us or otherwise, and lets them be removed. */
import { once } from "node:events";
import { createServer } from "node:http";
import { LABEL, type Labels, nameInEngine } from "../../apphost/drivers/docker/labels.ts";

export interface ScriptedEngine {
  readonly address: string;
  /** Names of the containers that it still has. */
  left(): string[];
  close(): void;
}

export async function startScriptedEngine(
  path: string,
  containers: readonly (Labels | { readonly name: string; readonly labels: Labels })[],
): Promise<ScriptedEngine> {
  const left = new Map(
    containers.map((container) => {
      const labels = ("labels" in container ? container.labels : container) as Labels;
      const name = nameInEngine(labels[LABEL.run] ?? "", labels[LABEL.resource] ?? "");
      return ["labels" in container ? String(container.name) : name, labels];
    }),
  );
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
