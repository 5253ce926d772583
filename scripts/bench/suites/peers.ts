/** The product beside what others offer, on the same broker in the same session. */
import { consumerPerformance } from "../peers/consumer-performance.ts";
import { kafkajsPipeline } from "../peers/kafkajs-pipeline.ts";
import { kcatConsumer } from "../peers/kcat.ts";
import { runProducerPerformance } from "../peers/producer-performance.ts";
import type { BenchCase, BenchSuite, RatioSpec } from "../suite.ts";
import { pipelineReal } from "./pipeline.ts";
import { replay } from "./replay.ts";

const producerPerformance: BenchCase = {
  id: "peers/producer-performance",
  title: "ProducerPerformance (Java, acks=all)",
  usesBroker: true,
  isPeer: true,
  measure: (context) =>
    runProducerPerformance(context, { messages: context.options.messages, messageSize: 100, rate: 0, warmUp: 0 }),
};

const compare = (title: string, over: BenchCase, under: BenchCase, figures: readonly [string, string]): RatioSpec => ({
  title,
  over: { case: over.id, figure: figures[0] },
  under: { case: under.id, figure: figures[1] },
});
const drained: readonly [string, string] = ["drainPerSecond", "drainPerSecond"];

export const peersSuite: BenchSuite = {
  name: "peers",
  title: "Kafka's own tools, kcat, and a pipeline with stock kafkajs",
  cases: [pipelineReal, producerPerformance, replay, consumerPerformance, kcatConsumer, kafkajsPipeline],
  columns: [
    { figure: "producePerSecond", title: "produced", form: "rate" },
    { figure: "endToEndPerSecond", title: "end to end", form: "rate" },
    { figure: "drainPerSecond", title: "drained", form: "rate" },
    { figure: "intervalMs", title: "interval", form: "ms" },
    { figure: "countedTwice", title: "counted twice", form: "count" },
  ],
  ratios: [
    compare("produced while it is also processed / ProducerPerformance alone", pipelineReal, producerPerformance, [
      "producePerSecond",
      "producePerSecond",
    ]),
    compare("live end to end / kafkajs on a full topic", pipelineReal, kafkajsPipeline, [
      "endToEndPerSecond",
      "drainPerSecond",
    ]),
    compare("drained / ConsumerPerformance, which only reads", replay, consumerPerformance, drained),
    compare("drained / kcat, which only reads", replay, kcatConsumer, drained),
    compare("drained / kafkajs", replay, kafkajsPipeline, drained),
  ],
  showsCpu: true,
};
