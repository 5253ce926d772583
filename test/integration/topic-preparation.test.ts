/**
 * A topic that exists: its partitions are known only once Kafka answers, and are held to the limits of options then. And
 * one that exists although Kafka did not say so at first, as in the moment in which a broker loads its topics.
 */
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { prepareTopic, type TopicRequest } from "../../apphost/resources/kafka.ts";
import * as admin from "../../simulator/clients/kafka/admin.ts";
import { KafkaCluster } from "../../simulator/clients/kafka/cluster.ts";
import type { StoredSavepoint } from "../../simulator/common/contract/files/savepoint.ts";
import { parseJobState } from "../../simulator/common/contract/state/redis-state.ts";
import { PLAINTEXT } from "../../simulator/common/foundation/kafka-security.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { buildInitialFields } from "../../simulator/runtime/checkpoint/recovery-state.ts";
import { kafkaAt } from "../support/addresses.ts";
import { startTestBroker, type TestBroker } from "./embedded-kafka-peer.ts";

const log = createLog(() => undefined);
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker(60_000_000);
});
afterAll(() => broker.close());

it.each([
  [345, 195, null],
  [345, 196, /it has 345 partitions, and .* holds 195 TaskManagers beside them, not 196; give --task-managers 195/],
  [351, 1, /it has 351 partitions, and one atomic Redis write holds the state of 350/],
])("%i partitions and %i TaskManagers", async (partitions, taskManagers, refusal) => {
  const topic = `of-${partitions}`;
  await createFilledTopic(topic, partitions);
  const prepared = prepareTopic(requestOf({ topic, taskManagers, willProduce: false, isNamed: true }));
  if (refusal === null) expect(await prepared).toMatchObject({ partitions });
  else await expect(prepared).rejects.toMatchObject({ category: "usage", message: expect.stringMatching(refusal) });
});

it("a savepoint goes on in the topic that was counted, with its partitions and offsets, or is refused", async () => {
  await createFilledTopic("restored", 2);
  const prepareFor = (offsets: readonly number[]) =>
    prepareTopic(
      requestOf({ topic: "restored", willProduce: false, isNamed: true, savepoint: savepointOf("restored", offsets) }),
    );
  expect(await prepareFor([1, 0])).toMatchObject({ ownTopic: false, endOffsets: [1, 0] });
  await expect(prepareFor([3, 0])).rejects.toMatchObject({
    code: "SAVEPOINT_REFUSED",
    message: expect.stringMatching(
      /partition 0 of topic restored goes on at offset 3, and ends at 1: it is not the topic/,
    ),
  });
  await expect(prepareFor([1, 0, 0])).rejects.toMatchObject({
    message: expect.stringMatching(/it holds 3 partitions of topic restored, which has 2/),
  });
});

it("a topic to be counted that appears a moment later is not refused", async () => {
  await createFilledTopic("late", 3);
  const looking = missOnce();
  try {
    expect(await prepareTopic(requestOf({ topic: "late", willProduce: false, isNamed: true }))).toMatchObject({
      partitions: 3,
      ownTopic: false,
      endOffsets: [1, 0, 0],
      startOffsets: [0, 0, 0],
    });
    // It said that there is none, and was not believed.
    expect(looking).toHaveBeenCalled();
  } finally {
    looking.mockRestore();
  }
});

it("a topic that turns out to exist when it is to be created is checked like one that was seen", async () => {
  await createTopic("unseen", 3);
  const looking = missOnce();
  try {
    const prepared = prepareTopic(requestOf({ topic: "unseen", partitions: 7 }));
    await expect(prepared).rejects.toMatchObject({ message: expect.stringMatching(/it has 3 partitions, and 7 were/) });
  } finally {
    looking.mockRestore();
  }
});

function createTopic(topic: string, partitions: number): Promise<unknown> {
  return admin.createTopic({ bootstrap: kafkaAt(`127.0.0.1:${broker.port}`), log }, { topic, partitions });
}

/** What is empty has nothing to count. */
async function createFilledTopic(topic: string, partitions: number): Promise<void> {
  await createTopic(topic, partitions);
  const kafka = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ partition: 0, value: "a record" }] });
  } finally {
    await producer.disconnect();
  }
}

/** As of a broker that does not know the topic yet when it is asked first. */
function missOnce() {
  const { refreshTopic } = KafkaCluster.prototype;
  const looking = vi.spyOn(KafkaCluster.prototype, "refreshTopic");
  looking.mockImplementationOnce(async (name) => ({ kind: "missing", name }));
  return looking.mockImplementation(refreshTopic);
}

/** Of a topic whose records were all counted up to these offsets. */
function savepointOf(topic: string, offsets: readonly number[]): StoredSavepoint {
  const partitions = offsets.length;
  const fields = buildInitialFields({ life: "life-1", redisRunId: "r", epoch: 1 }, offsets);
  const parsed = parseJobState(fields, partitions);
  if (parsed.kind !== "complete") throw new Error(`the state is ${parsed.kind}`);
  const origin = { id: 1, jobId: "a".repeat(32), epoch: 1, completedAtUs: 1 };
  const source = { topic, partitions, group: "g" };
  return {
    path: "/savepoint",
    file: { schema: 1, kind: "savepoint", ...origin, source, state: fields },
    state: parsed.state,
  };
}

function requestOf(request: Partial<TopicRequest> & { readonly topic: string }): TopicRequest {
  return {
    kafka: { bootstrap: kafkaAt(`127.0.0.1:${broker.port}`), security: PLAINTEXT },
    partitions: null,
    partitionsDefault: 20,
    taskManagers: 1,
    willProduce: true,
    isNamed: false,
    savepoint: null,
    loadOf: () => {
      throw new Error("nothing is produced");
    },
    log,
    signal: new AbortController().signal,
    ...request,
  };
}
