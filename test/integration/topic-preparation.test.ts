/** A topic that exists: its partitions are known only once Kafka answers, and are held to the limits of options then. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareTopic } from "../../apphost/resources/kafka.ts";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
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
  const address = `127.0.0.1:${broker.port}`;
  const topic = `of-${partitions}`;
  await createTopic({ bootstrap: [address], log }, { topic, partitions });
  const prepared = prepareTopic({
    address,
    topic,
    partitions: null,
    partitionsDefault: 20,
    taskManagers,
    willProduce: false,
    isNamed: true,
    loadOf: () => {
      throw new Error("nothing is produced");
    },
    log,
    signal: new AbortController().signal,
  });
  if (refusal === null) expect(await prepared).toMatchObject({ partitions });
  else await expect(prepared).rejects.toMatchObject({ category: "usage", message: expect.stringMatching(refusal) });
});
