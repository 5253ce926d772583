/**
 * The JobManager process: claims its epoch, serves RPC and REST on 127.0.0.1, and resumes the job of the one before.
 * It is not on the data path: TaskManagers go on counting while it is down.
 */

import { KafkaCluster } from "../../clients/kafka/cluster.ts";
import { StateStore } from "../../clients/redis/state-store.ts";
import { type ChildProcess, runChild } from "../../common/contract/child/child-channel.ts";
import {
  type ChildEnvironment,
  readChildEnvironment,
  readKafkaAccess,
  readRedisAddress,
  readTask,
} from "../../common/contract/child/environment.ts";
import type { JobManagerTask } from "../../common/contract/child/tasks.ts";
import { runFolder } from "../../common/contract/files/run-folder.ts";
import type { JobGraph } from "../../common/contract/job/rest.ts";
import { CollectionMeter } from "../../common/foundation/engine-usage.ts";
import { RestServer } from "../../common/rest/http-server.ts";
import { claimEpoch } from "./epoch.ts";
import { JobManager } from "./job-manager.ts";
import type { JobManagerSite } from "./rest/process-views.ts";
import { route } from "./rest/routes.ts";

await runChild(async (child) => {
  const environment = readChildEnvironment();
  const task = readTask<JobManagerTask>();
  const { clock, runDir, token } = environment;
  const folder = runFolder.checkpoints(runDir);
  const epoch = await claimEpoch(folder);
  child.log.info(`this JobManager has epoch ${epoch}`);
  const ended = awaitEnd(child.stopping);
  const manager = new JobManager({
    epoch,
    token,
    folder,
    recoveriesPath: runFolder.recoveries(runDir),
    clock,
    log: child.log,
    openStore: (graph) => openStore(graph, child),
    readStartOffsets: (graph) => readStartOffsets(graph, environment, child),
    tell: (message) => child.send(message),
    stepDown: ended.fail,
  });
  const site = describeSite(environment, task, folder);
  const rest = new RestServer({
    token,
    log: child.log,
    handle: (request) => route(manager, site, request, Math.round(clock.nowUs() / 1000)),
  });
  const rpcPort = await manager.start(task.rpcPort);
  const restPort = await rest.listen(task.restPort);
  child.send({ type: "ready", detail: `epoch ${epoch}, REST on 127.0.0.1:${restPort}, RPC on 127.0.0.1:${rpcPort}` });
  try {
    await ended.promise;
  } finally {
    rest.close();
    manager.close();
  }
});

/** By Flink's names; it holds no secret, as RunConfig does not. */
function describeSite(
  { runDir, resource, config }: ChildEnvironment,
  { restPort, rpcPort }: JobManagerTask,
  checkpoints: string,
): JobManagerSite {
  const savepointsFolder = runFolder.savepoints(runDir);
  const configuration = new Map([
    ["jobmanager.rpc.address", "127.0.0.1"],
    ["jobmanager.rpc.port", String(rpcPort)],
    ["rest.address", "127.0.0.1"],
    ["rest.port", String(restPort)],
    ["web.submit.enable", "false"],
    ["rest.flamegraph.enabled", "false"],
    ["rest.profiling.enabled", "false"],
    ["parallelism.default", String(config.taskManagers)],
    ["execution.checkpointing.interval", `${config.checkpointIntervalMs} ms`],
    ["execution.checkpointing.dir", checkpoints],
    ["execution.checkpointing.savepoint-dir", savepointsFolder],
    ...Object.entries(config).map(([name, value]): [string, string] => [`flink-apphost.${name}`, String(value)]),
  ]);
  const collections = new CollectionMeter();
  return {
    resource,
    logsFolder: runFolder.logs(runDir),
    savepointsFolder,
    address: `http://127.0.0.1:${restPort}`,
    configuration,
    readCollectors: () => collections.read(),
  };
}

/** Resolves when the process is asked to stop; rejects when it must step down. */
function awaitEnd(stopping: AbortSignal): { promise: Promise<void>; fail: (error: unknown) => void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (stopping.aborted) resolve();
  stopping.addEventListener("abort", () => resolve(), { once: true });
  return { promise, fail: reject };
}

function openStore(graph: JobGraph, child: ChildProcess): Promise<StateStore> {
  return StateStore.open({
    ...graph.sink,
    endpoint: readRedisAddress(),
    log: child.log,
    signal: child.stopping,
  });
}

/** Kafka is asked only here, once in the life of a job, so the connection is not kept. */
async function readStartOffsets(
  graph: JobGraph,
  environment: ChildEnvironment,
  child: ChildProcess,
): Promise<readonly number[]> {
  const cluster = await KafkaCluster.open({
    ...readKafkaAccess(),
    clientId: environment.resource,
    log: child.log,
    signal: child.stopping,
  });
  try {
    const partitions = Array.from({ length: graph.source.partitions }, (_, p) => p);
    return await cluster.listOffsets(graph.source.topic, partitions, "earliest");
  } finally {
    cluster.close();
  }
}
