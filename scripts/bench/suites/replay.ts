/**
 * A full topic, drained. Of the product: a run with `--topic <it> --messages 0` on 20 fresh TaskManager processes. The
 * interval runs from the first assignment of partitions (stamped by the JobManager before it sends it, so before anything
 * is fetched) to the last applied effect; the start of processes lies outside, and the ACQUIRE of each partition inside.
 */
import { fillTopic } from "../filled-topic.ts";
import { consumerPerformance } from "../peers/consumer-performance.ts";
import { runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchSuite } from "../suite.ts";

export const replay: BenchCase = {
  id: "replay/drain",
  title: "this project, 20 TaskManagers, exactly once into Redis",
  usesBroker: true,
  async measure(context) {
    const session = await context.session();
    const { topic, messages, messageSize } = await fillTopic(context);
    const run = await runProduct(context, {
      name: "replay",
      messages: 0,
      messageSize,
      infra: "native",
      kafka: session,
      redis: session,
      topic,
    });
    const { processed } = run.report.messages;
    if (processed !== messages) throw new Error(`replay processed ${String(processed)} of ${messages} messages`);
    return describeRun(run);
  },
};

export const replaySuite: BenchSuite = {
  name: "replay",
  title: "a full topic drained: first assignment of partitions to last applied effect",
  cases: [replay, consumerPerformance],
  columns: [
    { figure: "drainPerSecond", title: "drained", form: "rate" },
    { figure: "intervalMs", title: "interval", form: "ms" },
  ],
  ratios: [
    {
      title: "drained: this project / ConsumerPerformance, which only reads",
      over: { case: replay.id, figure: "drainPerSecond" },
      under: { case: consumerPerformance.id, figure: "drainPerSecond" },
    },
  ],
  showsCpu: true,
};
