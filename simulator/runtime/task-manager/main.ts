/** The TaskManager process. It imports no package but the native checksum: twenty of them start at once. */
import { once } from "node:events";
import { KafkaCluster } from "../../clients/kafka/cluster.ts";
import { PartitionReader } from "../../clients/kafka/consumer.ts";
import { StateStore } from "../../clients/redis/state-store.ts";
import { type ChildProcess, runChild } from "../../common/contract/child/child-channel.ts";
import {
  type ChildEnvironment,
  ENV,
  readChildEnvironment,
  readKafkaAccess,
  readRedisAddress,
  readTask,
  requireVariable,
} from "../../common/contract/child/environment.ts";
import type { TaskManagerTask } from "../../common/contract/child/tasks.ts";
import { type HostPort, parseHostPort } from "../../common/foundation/address.ts";
import { createError } from "../../common/foundation/errors.ts";
import { rehearse } from "./rehearsal.ts";
import { TaskManager } from "./task-manager.ts";

async function main(child: ChildProcess): Promise<void> {
  const environment = readChildEnvironment();
  const { incarnation } = readTask<TaskManagerTask>();
  const jobManager = parseEndpoint(requireVariable(process.env, ENV.jobManagerRpc));
  const clients = await openClients(environment, child);
  if (clients === null) return;
  const { cluster, store } = clients;
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
  if (!child.stopping.aborted) await once(child.stopping, "abort");
  await taskManager.stop();
  store.close();
  cluster.close();
}

/** Null: asked to stop before Kafka and Redis answered. */
async function openClients(
  environment: ChildEnvironment,
  { log, stopping }: ChildProcess,
): Promise<{ cluster: KafkaCluster; store: StateStore } | null> {
  const { stateKey, publishedKey, counterKey, sequenceKey } = environment.config;
  // A stop ends the opening, but not the clients: what is in flight then is to get its answer.
  const opening = new AbortController();
  const abort = () => opening.abort(stopping.reason);
  stopping.addEventListener("abort", abort, { once: true });
  const { signal } = opening;
  const access = readKafkaAccess();
  const endpoint = readRedisAddress();
  try {
    const [cluster, store] = await Promise.all([
      KafkaCluster.open({ ...access, clientId: environment.resource, log, signal }),
      StateStore.open({ endpoint, stateKey, publishedKey, counterKey, sequenceKey, log, signal }),
    ]);
    return { cluster, store };
  } catch (error) {
    if (!stopping.aborted) throw error;
    log.info("asked to stop before Kafka and Redis answered");
    return null;
  } finally {
    stopping.removeEventListener("abort", abort);
  }
}

function parseEndpoint(text: string): HostPort {
  const endpoint = parseHostPort(text);
  if (endpoint !== undefined) return endpoint;
  throw createError("USAGE_OPTION_INVALID", { option: ENV.jobManagerRpc, value: text, expected: "HOST:PORT" });
}

await rehearse();
await runChild(main);
