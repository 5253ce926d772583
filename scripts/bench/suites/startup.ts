/**
 * From the host's start to the job RUNNING with every partition owned, with embedded servers and with real ones of its
 * own, and the time and memory of one TaskManager process. Beside it a bare Node process that does nothing.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { HostEvent } from "../../../simulator/common/contract/events.ts";
import { withDeadline } from "../../../simulator/common/foundation/deadline.ts";
import { findJava, findProgram } from "../../../simulator/common/foundation/program.ts";
import { median } from "../../report/compare/spread.ts";
import { cleanEnvironment, stopChild } from "../child-command.ts";
import { findKafkaLibs, MissingPart, programPath } from "../parts.ts";
import { readPssBytes } from "../process-sampler.ts";
import { runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchContext, BenchSuite } from "../suite.ts";

/** Enough that every TaskManager gets some: the verdict must pass. */
const MESSAGES = 2_000;
const MESSAGE_SIZE = 100;
const BARE_MS_MAX = 30_000;

async function measureStartup(context: BenchContext, infra: "native" | "embedded") {
  const { clock } = context;
  const pssBytes: number[] = [];
  const pids = new Map<string, number>();
  const run = await runProduct(context, {
    name: `startup, ${infra}`,
    messages: MESSAGES,
    messageSize: MESSAGE_SIZE,
    infra,
    kafka: null,
    redis: null,
    onEvent(event) {
      if (event.type === "resource" && event.kind === "taskmanager" && event.pid !== null) {
        pids.set(event.name, event.pid);
      }
      if (event.type !== "phase" || event.phase !== "job") return;
      for (const pid of pids.values()) {
        const bytes = readPssBytes(pid);
        if (bytes !== null) pssBytes.push(bytes);
      }
    },
  });
  const { startupMs } = describeRun(run).figures;
  const hostStart = run.report.timesUs.hostStart;
  const cpuMs = run.sampler.cpuMsBetween(hostStart, hostStart + (startupMs ?? 0) * 1_000);
  const memory = describeRun(run);
  const spans = findReadySpans(run.events);
  return {
    ...memory,
    figures: {
      startupMs: startupMs ?? null,
      taskManagerReadyMs: median(spans.map(({ startedAtUs, readyAtUs }) => (readyAtUs - startedAtUs) / 1_000)),
      allReadyMs: measureAllReadyMs(spans),
      taskManagerRssBytes: memory.rssBytesMax?.["taskManagers"] ?? null,
      taskManagerPssBytes: median(pssBytes),
      startupCpuMs: Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0) || null,
    },
    // By message there is nothing to tell of a start.
    cpuUsPerMessage: null,
    raw: { ...memory.raw, startupCpuMsByGroup: cpuMs, pssBytes, endedAtUs: clock.nowUs() },
  };
}

interface ReadySpan {
  readonly startedAtUs: number;
  readonly readyAtUs: number;
}

/** From `starting` to `running`, of each TaskManager: it is running when it is connected and says so. */
function findReadySpans(events: readonly HostEvent[]): ReadySpan[] {
  const startedAtUs = new Map<string, number>();
  const spans = new Map<string, ReadySpan>();
  for (const event of events) {
    if (event.type !== "resource" || event.kind !== "taskmanager") continue;
    const { name, state, atUs } = event;
    const started = startedAtUs.get(name);
    if (state === "starting" && started === undefined) startedAtUs.set(name, atUs);
    // Later changes of its health are no starts.
    if (state !== "running" || started === undefined || spans.has(name)) continue;
    spans.set(name, { startedAtUs: started, readyAtUs: atUs });
  }
  return [...spans.values()];
}

/** From the first fork to the last TaskManager that is ready; null when none was. */
function measureAllReadyMs(spans: readonly ReadySpan[]): number | null {
  if (spans.length === 0) return null;
  const first = Math.min(...spans.map(({ startedAtUs }) => startedAtUs));
  return (Math.max(...spans.map(({ readyAtUs }) => readyAtUs)) - first) / 1_000;
}

const embedded: BenchCase = {
  id: "startup/embedded",
  title: "embedded servers, 20 TaskManagers",
  usesBroker: false,
  measure: (context) => measureStartup(context, "embedded"),
};

const native: BenchCase = {
  id: "startup/native",
  title: "real servers of its own, 20 TaskManagers",
  usesBroker: false,
  async measure(context) {
    const isHere =
      findKafkaLibs() !== undefined && findJava() !== undefined && findProgram("redis-server") !== undefined;
    if (!isHere) throw new MissingPart("Kafka's jars (KAFKA_HOME), java or redis-server are not here");
    return measureStartup(context, "native");
  },
};

/** As many bare Node processes at once as there are TaskManagers; each says `ready` over its channel. */
const bareNode: BenchCase = {
  id: "startup/bare-node",
  title: "20 bare Node processes at once",
  usesBroker: false,
  isPeer: true,
  async measure() {
    const children: ChildProcess[] = [];
    try {
      const times = await Promise.all(Array.from({ length: 20 }, () => startBareProcess(children)));
      const pssBytes = children.flatMap(({ pid }) => (pid === undefined ? [] : [readPssBytes(pid) ?? Number.NaN]));
      return {
        messages: 0,
        messageSize: 0,
        figures: {
          taskManagerReadyMs: median(times),
          taskManagerPssBytes: median(pssBytes.filter((bytes) => !Number.isNaN(bytes))),
        },
        cpuUsPerMessage: null,
        rssBytesMax: null,
        raw: { times, pssBytes },
      };
    } finally {
      for (const child of children) await stopChild(child, "a bare Node process");
    }
  },
};

async function startBareProcess(children: ChildProcess[]): Promise<number> {
  const startedMs = performance.now();
  const child = fork(programPath("scripts/bench/peers/bare-process/main"), { env: cleanEnvironment(), detached: true });
  children.push(child);
  await withDeadline(once(child, "message"), { what: "a bare Node process ready", deadlineMs: BARE_MS_MAX });
  return performance.now() - startedMs;
}

const ready = { figure: "taskManagerReadyMs" };

export const startupSuite: BenchSuite = {
  name: "startup",
  title: "host start to job RUNNING; one TaskManager from spawn to ready while all start at once, and its memory",
  cases: [embedded, native, bareNode],
  columns: [
    { figure: "startupMs", title: "to RUNNING", form: "ms" },
    { figure: "startupCpuMs", title: "CPU of all", form: "ms" },
    { figure: "taskManagerReadyMs", title: "process ready", form: "ms" },
    { figure: "allReadyMs", title: "first fork to all ready", form: "ms" },
    { figure: "taskManagerRssBytes", title: "RSS peak", form: "mebibytes" },
    { figure: "taskManagerPssBytes", title: "PSS at RUNNING", form: "mebibytes" },
  ],
  ratios: [
    {
      title: "a TaskManager / a bare Node process, until ready",
      over: { case: embedded.id, ...ready },
      under: { case: bareNode.id, ...ready },
    },
    {
      title: "to RUNNING: real servers / embedded ones",
      over: { case: native.id, figure: "startupMs" },
      under: { case: embedded.id, figure: "startupMs" },
    },
  ],
  showsCpu: false,
};
