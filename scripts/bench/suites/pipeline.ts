/** The whole pipeline, live: producer, broker, 20 TaskManagers, Redis, with real servers, embedded ones, and mixed. */
import { runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchSuite, Column } from "../suite.ts";

const MESSAGE_SIZE = 100;

const createCase = (id: string, title: string, real: { kafka: boolean; redis: boolean }): BenchCase => ({
  id: `pipeline/${id}`,
  title,
  usesBroker: real.kafka,
  async measure(context) {
    const session = real.kafka || real.redis ? await context.session() : null;
    const run = await runProduct(context, {
      name: title,
      messages: context.options.messages,
      messageSize: MESSAGE_SIZE,
      infra: "embedded",
      kafka: real.kafka ? session : null,
      redis: real.redis ? session : null,
    });
    return describeRun(run);
  },
});

export const pipelineReal = createCase("real", "real Kafka, real Redis", { kafka: true, redis: true });
const embedded = createCase("embedded", "embedded Kafka, embedded Redis", { kafka: false, redis: false });
const embeddedRedis = createCase("embedded-redis", "real Kafka, embedded Redis", { kafka: true, redis: false });
const embeddedKafka = createCase("embedded-kafka", "embedded Kafka, real Redis", { kafka: false, redis: true });

export const RUN_COLUMNS: readonly Column[] = [
  { figure: "endToEndPerSecond", title: "end to end", form: "rate" },
  { figure: "producePerSecond", title: "produced", form: "rate" },
  { figure: "intervalMs", title: "interval", form: "ms" },
  { figure: "p50Ms", title: "p50", form: "ms" },
  { figure: "p99Ms", title: "p99", form: "ms" },
];

const overReal = (other: BenchCase) => ({
  title: `end to end: ${other.title} / ${pipelineReal.title}`,
  over: { case: other.id, figure: "endToEndPerSecond" },
  under: { case: pipelineReal.id, figure: "endToEndPerSecond" },
});

export const pipelineSuite: BenchSuite = {
  name: "pipeline",
  title: "live and exactly once, 100-byte messages, 20 TaskManager processes, first send to last applied effect",
  // The real one first: the session's broker has just started then.
  cases: [pipelineReal, embedded, embeddedRedis, embeddedKafka],
  columns: RUN_COLUMNS,
  ratios: [embedded, embeddedRedis, embeddedKafka].map(overReal),
  showsCpu: true,
};
