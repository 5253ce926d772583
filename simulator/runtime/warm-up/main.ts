/**
 * The reader of a warm-up: it asks the broker as a TaskManager does, and decodes what comes, but applies nothing. It ends
 * with the last message, or when it is asked to; either way it says how many it has read.
 */
import { KafkaCluster } from "../../clients/kafka/cluster.ts";
import { runChild } from "../../common/contract/child/child-channel.ts";
import { readChildEnvironment, readKafkaAccess, readTask } from "../../common/contract/child/environment.ts";
import type { WarmUpReaderTask } from "../../common/contract/child/tasks.ts";
import { ScratchReader } from "./scratch-reader.ts";

await runChild(async ({ log, send, stopping }) => {
  const { config, resource } = readChildEnvironment();
  const { messages } = readTask<WarmUpReaderTask>();
  const cluster = await KafkaCluster.open({ ...readKafkaAccess(), clientId: resource, log, signal: stopping });
  try {
    await cluster.topic(config.topic);
    const reader = new ScratchReader({ cluster, topic: config.topic, partitions: config.partitions, messages });
    send({ type: "ready", detail: `${config.partitions} partitions` });
    await reader.read(stopping);
    send({ type: "warmUpRead", messages: reader.messagesRead });
  } finally {
    cluster.close();
  }
});
