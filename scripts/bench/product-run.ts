/**
 * One measured run of the product: `stress` in a folder of its own, watched process by process. Only a run with the
 * verdict "passed" gives figures. What it left on the session's servers is purged by the product itself.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Compression } from "../../simulator/common/contract/child/run-config.ts";
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import type { Report } from "../../simulator/common/contract/files/report.ts";
import { runFolder } from "../../simulator/common/contract/files/run-folder.ts";
import { isTaskManagerMetrics, type TaskManagerMetrics } from "../../simulator/common/contract/metrics.ts";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { cleanEnvironment, runCommand } from "./child-command.ts";
import { programPath } from "./parts.ts";
import { canSample, ProcessSampler } from "./process-sampler.ts";
import { ProductHost, watchProcessOf } from "./product-host.ts";
import type { Session } from "./session.ts";
import type { BenchContext, Figures } from "./suite.ts";
import type { WrittenSample } from "./terminal/frames.ts";
import { TerminalHost } from "./terminal/terminal-host.ts";

const RUN_MS_MAX = 3_600_000;
const PURGE_MS_MAX = 120_000;

/** real: the session's server. own: whatever `--infra` gives this run alone. */
export interface RunSpec {
  readonly name: string;
  readonly messages: number;
  readonly messageSize: number;
  readonly infra: "native" | "embedded";
  /** null: the run starts its own server. */
  readonly kafka: Session | null;
  readonly redis: Session | null;
  readonly engine?: "apphost" | "flink";
  readonly taskManagers?: number;
  readonly partitions?: number;
  readonly rate?: number;
  readonly compression?: Compression;
  /** As `--warm-up` takes it; its time is not of the measured interval. */
  readonly warmUp?: string;
  /** With `messages` 0: the topic to count, which stays. */
  readonly topic?: string;
  /** The run's topic stays on the session's broker: somebody else will read it. */
  readonly keepsTopic?: boolean;
  /** In a terminal, with this output; not given: as a child with `--ui json`. */
  readonly terminalUi?: "tui" | "quiet";
  readonly onEvent?: (event: HostEvent) => void;
}

export interface ProductRun {
  readonly report: Report;
  readonly events: readonly HostEvent[];
  readonly sampler: ProcessSampler;
  /** All metrics of all TaskManagers, as they came. */
  readonly metrics: readonly TaskManagerMetrics[];
  /** To its terminal; empty where it had none. */
  readonly written: readonly WrittenSample[];
}

export async function runProduct(context: BenchContext, spec: RunSpec): Promise<ProductRun> {
  const cwd = mkdtempSync(join(context.workFolder, "run-"));
  const sampler = new ProcessSampler(() => context.clock.nowUs());
  spec.kafka?.watchBroker(sampler);
  spec.redis?.watchRedis(sampler);
  const onEvent = (event: HostEvent) => {
    watchProcessOf(event, sampler);
    spec.onEvent?.(event);
  };
  let host: ProductHost | TerminalHost | null = null;
  try {
    host = await startHost(context, spec, { cwd, sampler, onEvent });
    await host.end(RUN_MS_MAX, context.signal);
    const verdict = host.events.findLast((event) => event.type === "verdict");
    if (verdict === undefined) throw createError("RUN_FILE_MISSING", { path: join(cwd, "report.json") });
    return {
      report: JSON.parse(readFileSync(verdict.report, "utf8")) as Report,
      events: host.events,
      sampler,
      metrics: readMetrics(verdict.report),
      written: host instanceof TerminalHost ? host.written : [],
    };
  } finally {
    sampler.stop();
    if (host !== null && leavesSomething(context, spec)) await purge(cwd, spec);
    rmSync(cwd, { recursive: true, force: true });
  }
}

interface RunPlace {
  readonly cwd: string;
  readonly sampler: ProcessSampler;
  readonly onEvent: (event: HostEvent) => void;
}

async function startHost({ clock }: BenchContext, spec: RunSpec, { cwd, sampler, onEvent }: RunPlace) {
  const { name, terminalUi } = spec;
  const started = { name, args: ["stress", ...formatArguments(spec)], env: addressesOf(spec), cwd, onEvent };
  if (terminalUi === undefined) {
    const host = new ProductHost(started);
    if (host.pid !== undefined) sampler.watch("host", host.pid);
    return host;
  }
  return TerminalHost.start({
    ...started,
    ui: terminalUi,
    nowUs: () => clock.nowUs(),
    onProcess: (group, pid) => sampler.watch(group, pid),
  });
}

function formatArguments(spec: RunSpec): string[] {
  const options: Record<string, string | number | undefined> = {
    messages: spec.messages,
    "message-size": spec.messageSize,
    infra: spec.infra,
    rate: spec.rate,
    compression: spec.compression,
    engine: spec.engine,
    "task-managers": spec.taskManagers,
    partitions: spec.partitions,
    "warm-up": spec.warmUp,
    topic: spec.topic,
    // The bench measures how long it takes, and judges nothing by it.
    "max-time": `${RUN_MS_MAX}ms`,
  };
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}

/** By environment: the Redis URL holds a password. */
function addressesOf({ kafka, redis }: RunSpec): Record<string, string> {
  return {
    ...(kafka === null ? {} : { FLINK_APPHOST_KAFKA: kafka.bootstrap }),
    ...(redis === null ? {} : { FLINK_APPHOST_REDIS: redis.redisUrl }),
  };
}

/** The host has ended, so the last line is whole. */
function readMetrics(reportPath: string): TaskManagerMetrics[] {
  const text = readFileSync(runFolder.metrics(join(reportPath, "..")), "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as object)
    .filter(isTaskManagerMetrics);
}

/** A topic that stays is removed with the session's broker (S2 of `session.ts`), and so is all else when the bench is being ended. */
function leavesSomething({ signal }: BenchContext, { kafka, redis, keepsTopic }: RunSpec): boolean {
  return (kafka !== null || redis !== null) && keepsTopic !== true && !signal.aborted;
}

/** The product's own purge: topic, group and keys. */
async function purge(cwd: string, spec: RunSpec): Promise<void> {
  const command = {
    name: `the purge of ${spec.name}`,
    command: process.execPath,
    args: [programPath("apphost/main"), "down", "--purge"],
    cwd,
    env: cleanEnvironment(spec.redis === null ? {} : { FLINK_APPHOST_REDIS: spec.redis.redisUrl }),
  };
  await runCommand(command, { deadlineMs: PURGE_MS_MAX, signal: new AbortController().signal });
}

/** CPU time by group over an interval, in µs per message. */
export function cpuPerMessage(
  sampler: ProcessSampler,
  messages: number,
  fromUs: number | null,
  toUs: number | null,
): Figures | null {
  if (!canSample() || fromUs === null || toUs === null || messages === 0) return null;
  const entries = Object.entries(sampler.cpuMsBetween(fromUs, toUs));
  return Object.fromEntries(entries.map(([group, ms]) => [group, (ms * 1_000) / messages]));
}
