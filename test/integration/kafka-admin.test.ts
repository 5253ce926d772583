/** Administration of a broker that hangs in the middle of it: it holds the connection, and never answers. */

import { expect, it } from "vitest";
import { createTopic } from "../../simulator/clients/kafka/admin.ts";
import { createTopicsApi } from "../../simulator/clients/kafka/wire/apis/create-topics.ts";
import { createLog } from "../../simulator/common/foundation/log.ts";
import { kafkaAt } from "../support/addresses.ts";
import { startSilentKafka } from "../support/silent-kafka.ts";

const DEADLINE_MS = 3_000;
/** kafkajs gets so much time to close what hangs. */
const CLOSE_MS_MAX = 2_000;
const SLACK_MS = 5_000;

async function createAtSilentBroker(signal?: AbortSignal): Promise<{ error: unknown; tookMs: number }> {
  const broker = await startSilentKafka(createTopicsApi.key);
  const startedMs = performance.now();
  try {
    const options = { bootstrap: kafkaAt(broker.bootstrap), log: createLog(() => undefined), deadlineMs: DEADLINE_MS };
    const given = signal === undefined ? options : { ...options, signal };
    const error: unknown = await createTopic(given, { topic: "t", partitions: 1 }).catch((reason: unknown) => reason);
    return { error, tookMs: performance.now() - startedMs };
  } finally {
    await broker.close();
  }
}

it("ends by its deadline as a whole, and not by those of each attempt", async () => {
  const { error, tookMs } = await createAtSilentBroker();
  expect(error).toMatchObject({ code: "KAFKA_UNREACHABLE", category: "infrastructure" });
  expect(tookMs).toBeLessThan(DEADLINE_MS + CLOSE_MS_MAX + SLACK_MS);
});

it("ends by the signal of whoever waits for it", async () => {
  const stopping = new AbortController();
  const reason = new Error("the run ends");
  setTimeout(() => stopping.abort(reason), 500);
  const { error, tookMs } = await createAtSilentBroker(stopping.signal);
  expect(error).toBe(reason);
  expect(tookMs).toBeLessThan(CLOSE_MS_MAX + SLACK_MS);
});
