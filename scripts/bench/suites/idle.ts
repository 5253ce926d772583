/**
 * What a host costs that stays up and has nothing to do: a plain `up` whose round is over, watched for some minutes. Its
 * watchdog, which only waits for its input to end, is not among the processes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findJava, findProgram } from "../../../simulator/common/foundation/program.ts";
import { type IdleSample, takeIdleSample } from "../idle-usage.ts";
import { findKafkaLibs, MissingPart } from "../parts.ts";
import { canSample, type Group } from "../process-sampler.ts";
import { ProductHost, watchProcessOf } from "../product-host.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult } from "../suite.ts";

const MESSAGES = 100_000;
const MESSAGE_SIZE = 100;
const START_MS_MAX = 300_000;
/** From the verdict on: what follows from the round is over by then. */
const SETTLE_MS = 5_000;
const SAMPLE_INTERVAL_MS = 30_000;
/** Of a real Kafka and Redis: what they do by themselves is not ours. */
const SERVERS: readonly Group[] = ["broker", "redis"];

async function measureIdle(context: BenchContext, infra: "native" | "embedded"): Promise<CaseResult> {
  if (!canSample()) throw new MissingPart("there is no /proc");
  const { signal, options } = context;
  const cwd = mkdtempSync(join(context.workFolder, "idle-"));
  const pids = new Map<number, Group>();
  const watch = (group: Group, pid: number) => void pids.set(pid, group);
  const host = new ProductHost({
    name: `an idle host, ${infra}`,
    args: ["up", "--messages", `${MESSAGES}`, "--infra", infra],
    env: {},
    cwd,
    onEvent: (event) => watchProcessOf(event, { watch }),
  });
  if (host.pid !== undefined) watch("host", host.pid);
  try {
    const isIdle = (event: { type: string; phase?: string }) => event.type === "phase" && event.phase === "idle";
    await host.waitForEvent("the end of the first round", isIdle, START_MS_MAX, signal);
    await delay(SETTLE_MS, undefined, { signal });
    const samples = await takeSamples(pids, cwd, options.idleMs, signal);
    return { messages: MESSAGES, messageSize: MESSAGE_SIZE, ...describe(samples, infra), cpuUsPerMessage: null };
  } finally {
    await host.stop();
    rmSync(cwd, { recursive: true, force: true });
  }
}

async function takeSamples(
  pids: ReadonlyMap<number, Group>,
  folder: string,
  idleMs: number,
  signal: AbortSignal,
): Promise<IdleSample[]> {
  const samples = [takeIdleSample(pids, folder)];
  const endsAtMs = performance.now() + idleMs;
  for (let leftMs = idleMs; leftMs > 0; leftMs = endsAtMs - performance.now()) {
    await delay(Math.min(leftMs, SAMPLE_INTERVAL_MS), undefined, { signal });
    samples.push(takeIdleSample(pids, folder));
  }
  return samples;
}

/** Between the first sample and the last. */
function describe(samples: readonly IdleSample[], infra: "native" | "embedded") {
  const first = samples[0] as IdleSample;
  const last = samples.at(-1) as IdleSample;
  const elapsedMs = last.atMs - first.atMs;
  const groups = Object.keys(last.groups) as Group[];
  const ours = infra === "native" ? groups.filter((group) => !SERVERS.includes(group)) : groups;
  const risen = (group: Group, what: "cpuMs" | "writtenBytes") =>
    (last.groups[group]?.[what] ?? 0) - (first.groups[group]?.[what] ?? 0);
  const cpuPercent = (group: Group) => (100 * risen(group, "cpuMs")) / elapsedMs;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const rssBytes = (sample: IdleSample) => sum(ours.map((group) => sample.groups[group]?.rssBytes ?? 0));
  return {
    figures: {
      minutes: elapsedMs / 60_000,
      cpuPercent: sum(ours.map(cpuPercent)),
      ...Object.fromEntries(groups.map((group) => [`${group}CpuPercent`, cpuPercent(group)])),
      folderBytes: last.folderBytes - first.folderBytes,
      writtenBytes: sum(ours.map((group) => risen(group, "writtenBytes"))),
      rssBytesBefore: rssBytes(first),
      rssBytesAfter: rssBytes(last),
    },
    rssBytesMax: null,
    raw: { samples },
  };
}

const embedded: BenchCase = {
  id: "idle/embedded",
  title: "20 TaskManagers, embedded servers",
  usesBroker: false,
  measure: (context) => measureIdle(context, "embedded"),
};

const native: BenchCase = {
  id: "idle/native",
  title: "20 TaskManagers; Kafka and Redis of their own, not counted in all",
  usesBroker: false,
  async measure(context) {
    const isHere =
      findKafkaLibs() !== undefined && findJava() !== undefined && findProgram("redis-server") !== undefined;
    if (!isHere) throw new MissingPart("Kafka's jars (KAFKA_HOME), java or redis-server are not here");
    return measureIdle(context, "native");
  },
};

const percent = (group: Group, title: string) => ({ figure: `${group}CpuPercent`, title, form: "percent" }) as const;

export const idleSuite: BenchSuite = {
  name: "idle",
  title: "a plain `up` with nothing to do: CPU in percent of one core, what it writes, and the memory of all processes",
  cases: [embedded, native],
  columns: [
    { figure: "minutes", title: "minutes", form: "count" },
    { figure: "cpuPercent", title: "CPU of all", form: "percent" },
    percent("taskManagers", "taskManagers"),
    percent("jobManager", "jobManager"),
    percent("host", "host"),
    percent("broker", "broker"),
    percent("redis", "redis"),
    percent("other", "other"),
    { figure: "folderBytes", title: "folder grew", form: "bytes" },
    { figure: "writtenBytes", title: "written", form: "bytes" },
    { figure: "rssBytesBefore", title: "RSS before", form: "mebibytes" },
    { figure: "rssBytesAfter", title: "RSS after", form: "mebibytes" },
  ],
  ratios: [],
  showsCpu: false,
};
