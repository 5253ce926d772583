/** A Flink that runs without any host: a JobManager, TaskManagers of one slot each, and a SQL Gateway, as processes of the test. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shapeFlink } from "../../apphost/drivers/flink/flink-memory.ts";
import {
  readFlinkAnswer,
  waitForJobManager,
  waitForSqlGateway,
  waitForTaskManager,
} from "../../apphost/drivers/flink/flink-rest.ts";
import { planFlinkCluster } from "../../apphost/drivers/flink/native-flink.ts";
import { listSavepoints } from "../../apphost/drivers/flink/retained-checkpoints.ts";
import { type ChildHooks, type RunningServer, startChildProcess } from "../../apphost/processes/child-process.ts";
import { isAlive } from "../../apphost/processes/process-identity.ts";
import { ResourceLog } from "../../apphost/processes/resource-log.ts";

export interface RealFlink {
  readonly url: string;
  readonly gatewayUrl: string;
  /** Whether each of its processes is the one that was started. */
  isWhole(): boolean;
  read(path: string): Promise<unknown>;
  /** Complete ones, of all jobs. */
  savepoints(): readonly string[];
  readonly jobManager: Pick<RunningServer, "pause" | "resume" | "kill">;
  stop(): Promise<void>;
}

const START_MS_MAX = 240_000;
const STOP_MS_MAX = 10_000;

/** Throws where FLINK_HOME is none: a suite that needs it is skipped there. */
export async function startRealFlink(taskManagers: number): Promise<RealFlink> {
  const runDir = mkdtempSync(join(tmpdir(), "flink-apphost-real-flink-"));
  mkdirSync(join(runDir, "data"));
  const log = new ResourceLog(join(runDir, "log"), (work) => work());
  const hooks: ChildHooks = { log, onSpawn: () => undefined, onMessage: () => undefined };
  const foreignEnvironment = () => ({ PATH: process.env["PATH"] ?? "", JAVA_HOME: process.env["JAVA_HOME"] ?? "" });
  const context = { runDir, foreignEnvironment, startProcess: startChildProcess };
  // No archive of classes is made here: its keeper would have to be awaited.
  const cluster = await planFlinkCluster(
    context,
    { ...process.env, CI: "true" },
    {
      shape: shapeFlink(taskManagers, taskManagers),
      checkpointIntervalMs: 1_000,
    },
  );
  const names = Array.from({ length: taskManagers }, (_, index) => `theirs-${index + 1}`);
  const jobManager = await cluster.startJobManager(hooks);
  const others = await Promise.all([
    ...names.map((name) => cluster.startTaskManager(name, hooks)),
    cluster.startSqlGateway(hooks),
  ]);
  const processes = [jobManager, ...others];
  const stop = async () => {
    await Promise.all(processes.map((one) => one.stop(STOP_MS_MAX)));
    log.close();
    rmSync(runDir, { recursive: true, force: true });
  };
  try {
    const signal = AbortSignal.timeout(START_MS_MAX);
    await waitForJobManager(cluster.restUrl, signal);
    for (const name of names) await waitForTaskManager(cluster.restUrl, { name, formerPath: null }, signal);
    await waitForSqlGateway(cluster.gatewayUrl, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: cluster.restUrl,
    gatewayUrl: cluster.gatewayUrl,
    savepoints: () => listSavepoints(cluster.savepointFolder, ""),
    jobManager,
    isWhole: () => processes.every(({ pid }) => pid !== null && isAlive(pid)),
    read: (path) => readFlinkAnswer(`${cluster.restUrl}${path}`, AbortSignal.timeout(STOP_MS_MAX)),
    stop,
  };
}
