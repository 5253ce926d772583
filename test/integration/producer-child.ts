/** Children of a run, as the host starts them, for the tests of producer, validator and report. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildMessage } from "../../simulator/common/contract/child/child-messages.ts";
import { ENV } from "../../simulator/common/contract/child/environment.ts";
import type { RunConfig } from "../../simulator/common/contract/child/run-config.ts";
import { startRunClock } from "../../simulator/common/foundation/clock.ts";
import { waitUntil, withDeadline } from "../../simulator/common/foundation/deadline.ts";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

export interface TestRun {
  readonly config: RunConfig;
  readonly runDir: string;
  readonly kafka: string;
  readonly redis: string;
  readonly clock: ReturnType<typeof startRunClock>;
  remove(): Promise<void>;
}

export async function createTestRun(
  where: { readonly kafka: string; readonly redis: string },
  change: Partial<RunConfig> = {},
): Promise<TestRun> {
  const runDir = await mkdtemp(join(tmpdir(), "flink-apphost-test-run-"));
  const config: RunConfig = {
    runId: "test",
    engine: "apphost",
    jobId: "0123456789abcdef0123456789abcdef",
    jobName: "job",
    topic: `topic-${process.pid}-${Math.random().toString(36).slice(2)}`,
    ownTopic: true,
    group: "group",
    partitions: 3,
    stickyIds: 1,
    taskManagers: 2,
    stateKey: `{${runDir}}:state`,
    publishedKey: `{${runDir}}:published`,
    counterKey: `${runDir}:counter`,
    sequenceKey: `${runDir}:sequence`,
    messageSize: 100,
    compression: "none",
    rate: 0,
    maxTimeMs: 300_000,
    checkpointIntervalMs: 1_000,
    allowRejected: false,
    operators: ["identity"],
    ...change,
  };
  const remove = () => rm(runDir, { recursive: true, force: true });
  return { config, runDir, ...where, clock: startRunClock(), remove };
}

export interface TestChild {
  readonly process: ChildProcess;
  readonly messages: ChildMessage[];
  readonly output: () => string;
  /** Waits for the end; the exit code, or null after a signal. */
  finish(deadlineMs?: number): Promise<number | null>;
  /** Waits for a message. */
  see(type: ChildMessage["type"]): Promise<ChildMessage>;
}

export function startChild(run: TestRun, entry: string, task: unknown): TestChild {
  const child = fork(join(dist, entry), {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // As the host starts it. With a compiler in a thread of its own process.exit may wait for ever: it joins that thread,
    // which may wait for a collection of garbage that only the exiting thread could make.
    execArgv: ["--no-concurrent-recompilation"],
    env: {
      PATH: process.env["PATH"],
      [ENV.run]: "test",
      [ENV.runDir]: run.runDir,
      [ENV.resource]: entry.split("/").at(-2) ?? "child",
      [ENV.clock]: run.clock.pair,
      [ENV.token]: "token",
      [ENV.config]: JSON.stringify(run.config),
      // A producer's task has the rate of its round.
      [ENV.task]: JSON.stringify({ rate: run.config.rate, ...(task as object) }),
      [ENV.kafka]: run.kafka,
      [ENV.redis]: run.redis,
    },
  });
  const messages: ChildMessage[] = [];
  let output = "";
  child.on("message", (message) => messages.push(message as ChildMessage));
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  return {
    process: child,
    messages,
    output: () => output,
    // Longer than a producer tries before it gives up: it then says itself what was in its way.
    finish: async (deadlineMs = 90_000) => (await withDeadline(exited, { what: `the end of ${entry}`, deadlineMs }))[0],
    see: (type) =>
      waitUntil(() => messages.find((message) => message.type === type), {
        what: `${type} of ${entry}`,
        deadlineMs: 30_000,
      }),
  };
}
