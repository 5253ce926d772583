/** The TaskManager process. It imports no package but ioredis and the native checksum: twenty of them start at once. */
import { KafkaCluster } from "../../clients/kafka/cluster.ts";
import { PartitionReader } from "../../clients/kafka/consumer.ts";
import { StateStore } from "../../clients/redis/state-store.ts";
import { type ChildProcess, runChild } from "../../common/contract/child-channel.ts";
import {
  type ChildEnvironment,
  ENV,
  readChildEnvironment,
  readTask,
  requireVariable,
} from "../../common/contract/environment.ts";
import type { TaskManagerTask } from "../../common/contract/tasks.ts";
import { createError } from "../../common/foundation/errors.ts";
import { TaskManager } from "./task-manager.ts";

async function main(child: ChildProcess): Promise<void> {
  const environment = readChildEnvironment();
  const { incarnation } = readTask<TaskManagerTask>();
  const jobManager = parseEndpoint(requireVariable(process.env, ENV.jobManagerRpc));
  const [cluster, store] = await openClients(environment, child);
  const { topic, group } = environment.config;
  const taskManager = new TaskManager({
    environment,
    incarnation,
    jobManager,
    store,
    openReader: (handlers) => new PartitionReader({ cluster, topic, ...handlers }),
    commitOffsets: (offsets) => cluster.commitOffsets(group, topic, offsets),
    sendMetrics: (metrics) => child.send({ type: "metrics", metrics }),
    log: child.log,
  });
  child.send({ type: "ready", detail: `incarnation ${incarnation}` });
  await untilAborted(child.stopping);
  await taskManager.stop();
  store.close();
  cluster.close();
}

async function openClients(environment: ChildEnvironment, child: ChildProcess): Promise<[KafkaCluster, StateStore]> {
  const { stateKey, counterKey, sequenceKey } = environment.config;
  const { log, stopping: signal } = child;
  return Promise.all([
    KafkaCluster.open({
      bootstrap: requireVariable(process.env, ENV.kafka).split(","),
      clientId: environment.resource,
      log,
      signal,
    }),
    StateStore.open({
      endpoint: requireVariable(process.env, ENV.redis),
      ...{ stateKey, counterKey, sequenceKey, log },
    }),
  ]);
}

function parseEndpoint(text: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw createError("USAGE_OPTION_INVALID", { option: ENV.jobManagerRpc, value: text, expected: "HOST:PORT" });
  }
  return { host: match[1] as string, port: Number(match[2]) };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

await runChild(main);
