/** A user's project in a folder of its own, with this package in its node_modules. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./dist.ts";

export interface UserProject {
  readonly folder: string;
  remove(): void;
}

export function createUserProject(files: Readonly<Record<string, string>>): UserProject {
  const folder = mkdtempSync(join(tmpdir(), "flink-apphost-project-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "flink-apphost"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An app host with everything that each needs, and `more` in the function's body after it. */
export const appHostText = (more: string): string => `
import { defineAppHost, ref } from "flink-apphost";

export default defineAppHost((app) => {
  const kafka = app.addKafka("kafka", { partitions: 4 });
  const redis = app.addRedis("redis");
  const jobManager = app.addJobManager("jobmanager").waitFor(redis).waitFor(kafka, { until: "topicReady" });
  const taskManagers = app.addTaskManagers("taskmanager", { replicas: 2 }).waitFor(jobManager);
  const job = app.addFlinkJobSimulator("flink-job-simulator").waitFor(taskManagers);
  const producer = app.addProducer("producer", { messages: 1_000 }).waitFor(job);
  const validator = app.addValidator("validator").waitFor(producer).waitFor(jobManager, { until: "drained" });
  app.addReport("report").waitFor(validator);
  ${more}
});
`;

/** Answers with its environment; `/health` is 503 until HEALTHY_AFTER_MS is over, and after `/fall-ill`. */
export const API_TEXT = `
import { createServer } from "node:http";

const startedMs: number = performance.now();
let healthyAfterMs = Number(process.env.HEALTHY_AFTER_MS ?? "0");
createServer((request, response) => {
  if (request.url === "/fall-ill") healthyAfterMs = Number.POSITIVE_INFINITY;
  if (request.url === "/recover") healthyAfterMs = 0;
  const isIll = request.url === "/health" && performance.now() - startedMs < healthyAfterMs;
  response.statusCode = isIll ? 503 : 200;
  response.end(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), env: process.env, cwd: process.cwd() }));
}).listen(Number(process.env.PORT), "127.0.0.1");
console.log("api listens");
`;
