/** /metrics over real HTTP: who gets it, and what it costs before anybody asks. Its figures are in `prometheus.test.ts`. */
import { request } from "node:http";
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type JobManagerRest, REST_TOKEN, startJobManagerRest } from "../../../../support/job-manager-rest.ts";
import { scrape } from "../../../../support/prometheus.ts";

let served: JobManagerRest;
let port: number;

beforeAll(async () => {
  served = await startJobManagerRest();
  ({ port } = served);
});
afterAll(() => served.close());

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
  expect(await statusOf("POST", { authorization: `Bearer ${REST_TOKEN}` })).toBe(405);
});
