/**
 * The load generator: one process per round. It produces the round's messages, keeps the ledger, and ends.
 *
 * The producer id and epoch belong to the topic and are fsynced before its first send, so that a restarted process
 * continues as the same producer and Kafka recognises a repeated batch.
 */
import { KafkaCluster } from "../simulator/clients/kafka/cluster.ts";
import { IdempotentProducer } from "../simulator/clients/kafka/producer.ts";
import { runChild } from "../simulator/common/contract/child/child-channel.ts";
import { readChildEnvironment, readKafkaAccess, readTask } from "../simulator/common/contract/child/environment.ts";
import type { ProducerTask } from "../simulator/common/contract/child/tasks.ts";
import type { ProducerIdentity } from "../simulator/common/contract/files/ledger.ts";
import { runFolder } from "../simulator/common/contract/files/run-folder.ts";
import { writeJson } from "../simulator/common/foundation/json-file.ts";
import { produceRound } from "./round.ts";
import { readIdentity } from "./run-files.ts";

await runChild(async (child) => {
  const environment = readChildEnvironment();
  const task = readTask<ProducerTask>();
  const access = readKafkaAccess();
  const { config, resource, runDir } = environment;
  const warn = (text: string) => child.send({ type: "notice", level: "warn", text });
  const cluster = await KafkaCluster.open({ ...access, clientId: resource, log: child.log, signal: child.stopping });
  try {
    const known = await readIdentity(runFolder.producer(runDir), config.topic);
    const options = { cluster, topic: config.topic, identity: known ?? null, onDoubt: warn };
    const producer = await IdempotentProducer.open(options);
    try {
      const identity: ProducerIdentity = { topic: config.topic, ...producer.identity };
      if (known === undefined) await writeJson(runFolder.producer(runDir), identity, { durable: true });
      child.send({ type: "ready", detail: `producer id ${identity.producerId}, epoch ${identity.producerEpoch}` });
      await produceRound({ child, environment, task, cluster, producer, identity, warn });
    } finally {
      await producer.close();
    }
  } finally {
    await cluster.close();
  }
});
