/** CPU time and memory by process: what the dead used stays in the sum of their name, and nobody else's gets in. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readUsage, Sampler } from "../../../../apphost/run/sampler.ts";
import type { UsageEvent } from "../../../../simulator/common/contract/events.ts";
import { waitUntil } from "../../../../simulator/common/foundation/deadline.ts";

let sampler: Sampler;
let told: UsageEvent[];
const children: ChildProcess[] = [];

beforeEach(() => {
  told = [];
  sampler = new Sampler((usage) => told.push(usage));
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

const useOf = (usage: UsageEvent | undefined, name: string) => usage?.processes.find((one) => one.name === name);
/** The next one that is told, from now on. */
const nextTold = () => {
  const { length } = told;
  return waitUntil(() => told[length], { what: "a usage event", deadlineMs: 10_000 });
};

it("tells what each process used since it told it before, whoever looked meanwhile (U3)", async () => {
  sampler.watch("host", process.pid);
  const burning = await startWorker();
  sampler.watch("worker", burning.pid);
  const first = await nextTold();
  expect(useOf(first, "worker")?.cpuPercent).toBeGreaterThan(0);
  expect(useOf(first, "worker")?.rssBytes).toBeGreaterThan(1_000_000);
  expect(first.machine.cpuPercent).toBeGreaterThan(0);
  expect(first.machine.memoryPercent).toBeGreaterThan(0);
  const firstToldAtMs = performance.now();
  const startedMs = process.cpuUsage().user / 1_000;
  while (process.cpuUsage().user / 1_000 - startedMs < 2 * CPU_MS);
  sampler.startLoad();
  sampler.endLoad();
  const second = await nextTold();
  // The kernel counts in steps of 10 ms.
  const burnedPercent = (100 * 0.9 * 2 * CPU_MS) / (performance.now() - firstToldAtMs);
  expect(useOf(second, "host")?.cpuPercent).toBeGreaterThanOrEqual(burnedPercent);
  // It burns nothing any more: what was told before is not told again.
  expect(useOf(second, "worker")?.cpuPercent).toBeLessThan(useOf(first, "worker")?.cpuPercent ?? 0);
  await end(burning);
  const third = await nextTold();
  expect(useOf(third, "worker")).toBeUndefined();
  expect(JSON.parse(JSON.stringify(third))).toEqual(third);
});

it("tells together what two lives of a name use, and nothing of one that is not seen", async () => {
  const lives = [await startWorker(), await startWorker()];
  for (const { pid } of lives) sampler.watch("taskmanager-01", pid);
  const [one = 0, other = 0] = lives.map(({ pid }) => readUsage(pid, true)?.memory?.rssBytes ?? 0);
  const gone = await startWorker();
  await end(gone);
  sampler.watch("gone", gone.pid);
  const usage = await nextTold();
  expect(usage.processes.map(({ name }) => name)).toEqual(["taskmanager-01"]);
  expect(useOf(usage, "taskmanager-01")?.rssBytes).toBeGreaterThan(Math.max(one, other));
});
