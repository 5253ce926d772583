/** The topic that `produce --kafka` sends to: one that is there, whatever it holds, or one that is created where asked. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { KafkaAccess } from "../../simulator/common/foundation/kafka-security.ts";
import { contactKafka, createOwnTopic, expectTopic, readEndOffsets } from "./kafka.ts";
import type { TopicLoad } from "./topic-settings.ts";

const LEADERS_MS_MAX = 60_000;
const TO_PRODUCE = { reason: "it does not exist", advice: "name an existing topic, or add --create-topic" };

export interface ProducedTopicRequest {
  readonly kafka: KafkaAccess;
  readonly topic: string;
  readonly mayCreate: boolean;
  /** Null: as many as it has, or the default where it is created. */
  readonly partitions: number | null;
  readonly partitionsDefault: number;
  readonly loadOf: (partitions: number) => TopicLoad;
  readonly signal: AbortSignal;
}

export interface ProducedTopic {
  readonly partitions: number;
  readonly wasCreated: boolean;
  /** Offsets that were used before the first send. */
  readonly usedBefore: number;
}

export async function prepareProducedTopic(request: ProducedTopicRequest): Promise<ProducedTopic> {
  const { kafka, topic, mayCreate, signal } = request;
  const cluster = await contactKafka(kafka, signal);
  try {
    if (!mayCreate) await expectTopic(cluster, topic, TO_PRODUCE);
    const isThere = !mayCreate || (await cluster.refreshTopic(topic)).kind === "found";
    const wasCreated = !isThere && (await createOwnTopic(cluster, request)) === "created";
    const partitions = (await cluster.topic(topic, LEADERS_MS_MAX)).partitions.length;
    refuseOtherPartitions(request, partitions);
    const endOffsets = await readEndOffsets(cluster, topic, partitions);
    return { partitions, wasCreated, usedBefore: endOffsets.reduce((sum, offset) => sum + offset, 0) };
  } finally {
    cluster.close();
  }
}

function refuseOtherPartitions({ topic, partitions: wanted }: ProducedTopicRequest, partitions: number): void {
  if (wanted === null || wanted === partitions) return;
  const reason = `it has ${partitions} partitions, and ${wanted} were asked for`;
  throw createError("TOPIC_REFUSED", { topic, reason, advice: `give --partitions ${partitions}, or another topic` });
}
