/** What is removed of a run, and what is left alone, at a scripted engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../../apphost/drivers/docker-engine.ts";
import { createLabels, LABEL, type Labels, readProcessView } from "../../../../apphost/drivers/docker-labels.ts";
import { removeDeadRun, removeOfDeadOwners } from "../../../../apphost/drivers/docker-leftovers.ts";

const RUN = "0d437693";
const living = createLabels({ base: "/project/.flink-apphost", runId: RUN, resource: "kafka" });
const dead = { ...living, [LABEL.ownerStarted]: "1" };
const elsewhere = { ...dead, [LABEL.ownerView]: readProcessView("of another machine") };

let folder: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leftovers-"));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An engine with these containers. Returns its client, and the names of those that it still has. */
async function startEngine(containers: Record<string, Labels>) {
  const path = join(folder, "engine.sock");
  const left = new Map(Object.entries(containers));
  server = createServer(({ method, url = "" }, response) => {
    const name = /^\/containers\/([^/?]+)\?/.exec(url)?.[1] ?? "";
    if (method === "DELETE") {
      left.delete(name);
      response.writeHead(204).end();
    } else if (url.startsWith("/containers/json")) {
      response.end(JSON.stringify([...left].map(([Id, Labels]) => ({ Id, Names: [`/${Id}`], Labels }))));
    } else response.end(url.startsWith("/volumes") ? '{"Volumes":null}' : "[]");
  }).listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  return { docker: await openEngine(`unix://${path}`, {}), left: () => [...left.keys()] };
}

describe("what a dead host left", () => {
  it("goes, whatever its run; what has a living owner, or one that is out of sight, does not (L2)", async () => {
    const { docker, left } = await startEngine({ dead, living, elsewhere });
    const { removed, remaining } = await removeOfDeadOwners(docker);
    expect(removed.map(({ name }) => name)).toEqual(["dead"]);
    expect(remaining).toEqual([]);
    expect(left()).toEqual(["living", "elsewhere"]);
  });

  it("of one run goes by the same rule, and what stays is told (L2)", async () => {
    const { docker, left } = await startEngine({ dead, elsewhere });
    const { removed, remaining } = await removeDeadRun(docker, RUN);
    expect(removed.map(({ name }) => name)).toEqual(["dead"]);
    expect(remaining.join()).toMatch(
      /^container elsewhere of run 0d437693: its owner may live where it cannot be seen/,
    );
    expect(left()).toEqual(["elsewhere"]);
  });
});
