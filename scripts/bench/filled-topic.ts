/**
 * A full topic of the session, for everything that only reads: filled once, by a run of the product itself, so that the
 * peers and the product read the very same bytes.
 */
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { runProduct } from "./product-run.ts";
import type { Session } from "./session.ts";
import type { BenchContext } from "./suite.ts";

export interface FilledTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly messages: number;
  readonly messageSize: number;
}

const MESSAGE_SIZE = 100;
const filled = new WeakMap<Session, FilledTopic>();

export async function fillTopic(context: BenchContext): Promise<FilledTopic> {
  const session = await context.session();
  const known = filled.get(session);
  if (known !== undefined) return known;
  context.say("filling a topic for those that only read");
  const { messages } = context.options;
  const run = await runProduct(context, {
    name: "filling a topic",
    messages,
    messageSize: MESSAGE_SIZE,
    infra: "native",
    kafka: session,
    redis: session,
    keepsTopic: true,
  });
  session.noteLoad();
  const topic = {
    topic: run.report.job.topic,
    partitions: run.report.partitions.length,
    messages,
    messageSize: MESSAGE_SIZE,
  };
  await confirmFull(session, topic);
  filled.set(session, topic);
  return topic;
}

/** A reader that finds fewer messages than it waits for would wait for ever. */
async function confirmFull(session: Session, { topic, partitions, messages }: FilledTopic): Promise<void> {
  const cluster = await KafkaCluster.open({ bootstrap: session.brokers, clientId: "bench", log: createLog() });
  try {
    const all = Array.from({ length: partitions }, (_, p) => p);
    const ends = await cluster.listOffsets(topic, all, "latest");
    const held = ends.reduce((sum, end) => sum + end, 0);
    if (held !== messages) throw new Error(`topic ${topic} holds ${held} messages, and ${messages} were sent to it`);
  } finally {
    cluster.close();
  }
}
