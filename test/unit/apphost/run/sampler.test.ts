/** CPU time by process: that of the dead stays in the sum of their name, and nobody else's gets in. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readUsage, Sampler } from "../../../../apphost/run/sampler.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

let sampler: Sampler;
const children: ChildProcess[] = [];

beforeEach(() => {
  sampler = new Sampler();
});
afterEach(() => {
  sampler.stop();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const CPU_MS = 100;

/** Burns some CPU time, says so, and lives on. */
async function startWorker(): Promise<ChildProcess & { readonly pid: number }> {
  const code = `while (process.cpuUsage().user < ${2 * CPU_MS * 1_000}); console.log("done"); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  return child as ChildProcess & { readonly pid: number };
}

async function end(child: ChildProcess & { readonly pid: number }): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
  await waitUntil(() => readUsage(child.pid, false) === undefined || undefined, { what: "its end", deadlineMs: 5_000 });
}

const worker = () => sampler.readFacts().byProcess.find(({ name }) => name === "worker");

it("sums the lives of a name, the load of each included", async () => {
  sampler.watch("host", process.pid);
  const first = await startWorker();
  sampler.watch("worker", first.pid);
  sampler.startLoad();
  const second = await startWorker();
  sampler.watch("worker", second.pid);
  expect(worker()?.cpuMs).toBeGreaterThanOrEqual(4 * CPU_MS);
  await end(first);
  await end(second);
  const both = worker();
  expect(both?.cpuMs).toBeGreaterThanOrEqual(4 * CPU_MS);
  expect(both?.rssBytesMax).toBeGreaterThan(1_000_000);
  sampler.endLoad();
  const ended = worker();
  // All of the second one's life lies in the load, and of the first one's only what came after its begin.
  expect(ended?.loadCpuMs).toBeGreaterThanOrEqual(2 * CPU_MS);
  expect(ended?.loadCpuMs).toBeLessThan(both?.cpuMs ?? 0);
  expect(ended).toEqual({ ...both, loadCpuMs: ended?.loadCpuMs });
  expect(sampler.readFacts().byProcess.map(({ name }) => name)).toEqual(["host", "worker"]);
});
