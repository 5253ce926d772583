/** /metrics over real HTTP: who gets it, and what it costs before anybody asks. Its figures are in `prometheus.test.ts`. */
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRunClock } from "../../../../../simulator/common/foundation/clock.ts";
import { createLog } from "../../../../../simulator/common/foundation/log.ts";
import { JobManager } from "../../../../../simulator/runtime/job-manager/job-manager.ts";
import { RestServer } from "../../../../../simulator/runtime/job-manager/rest/http-server.ts";
import { route } from "../../../../../simulator/runtime/job-manager/rest/routes.ts";
import { createMemoryStore } from "../../../../support/memory-store.ts";
import { scrape } from "../../../../support/prometheus.ts";

const token = "secret-token";
const clock = startRunClock();
const site = { resource: "jobmanager", logsFolder: "logs", address: "", configuration: new Map<string, string>() };
const log = createLog(() => undefined);
let folder: string;
let manager: JobManager;
let rest: RestServer;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metrics-"));
  manager = new JobManager({
    epoch: 1,
    token,
    folder,
    recoveriesPath: join(folder, "recoveries.json"),
    clock,
    log,
    openStore: () => Promise.resolve(createMemoryStore(2)),
    readStartOffsets: () => Promise.resolve([0, 0]),
    tell: () => undefined,
    stepDown: () => undefined,
  });
  await manager.start(0);
  rest = new RestServer({ token, log, handle: (call) => route(manager, site, call, Math.round(clock.nowUs() / 1000)) });
  port = await rest.listen(0);
});
afterAll(async () => {
  rest.close();
  manager.close();
  await rm(folder, { recursive: true });
});

const statusOf = (method: string, headers: Readonly<Record<string, string>> = {}): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, method, path: "/metrics", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });

test("it is for everybody on this machine, by its name, and loads what it needs at the first call", async () => {
  const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("prom-client"));
  expect(isLoaded()).toBe(false);
  const found = await scrape(`http://127.0.0.1:${port}`);
  expect(isLoaded()).toBe(true);
  expect(found.status).toBe(200);
  expect(found.samples("flink_jobmanager_numRegisteredTaskManagers")).toEqual([
    { labels: { host: "127.0.0.1" }, value: 0 },
  ]);
  // There is no job and nothing was told yet, which is not 0.
  expect(found.families.map(({ name }) => name).filter((name) => !name.startsWith("flink_jobmanager_"))).toEqual([]);
  expect((await scrape(`http://127.0.0.1:${port}/v1`)).text).toBe(found.text);
});

test("it is nobody's under another name, and can only be read", async () => {
  expect(await statusOf("GET", { host: "example.org" })).toBe(403);
  expect(await statusOf("HEAD")).toBe(200);
  expect(await statusOf("POST")).toBe(401);
  expect(await statusOf("POST", { authorization: `Bearer ${token}` })).toBe(405);
});
