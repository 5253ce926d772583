/** What `--warm-up` does to the first run of a broker: its rate, and the CPU that broker and TaskManagers take for a message. */
import { findKafkaLibs, MissingPart } from "../parts.ts";
import { runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult } from "../suite.ts";
import { RUN_COLUMNS } from "./pipeline.ts";

const MESSAGE_SIZE = 100;
const WARM_UP = "5s";

async function measure(context: BenchContext, name: string, warmUp: string | null): Promise<CaseResult> {
  if (findKafkaLibs() === undefined) throw new MissingPart("KAFKA_HOME names no folder with Kafka's jars in libs/");
  const run = await runProduct(context, {
    name,
    messages: context.options.messages,
    messageSize: MESSAGE_SIZE,
    infra: "native",
    kafka: null,
    redis: await context.session(),
    ...(warmUp === null ? {} : { warmUp }),
  });
  return describeRun(run, { warmUpMessages: run.report.warmUp?.sent ?? null });
}

const createCase = (id: string, title: string, warmUp: string | null): BenchCase => ({
  id: `warm-up/${id}`,
  title,
  usesBroker: false,
  measure: (context) => measure(context, title, warmUp),
});

const cold = createCase("none", "a broker that has just started", null);
const warm = createCase("5s", `a broker that has just started, after --warm-up ${WARM_UP}`, WARM_UP);

export const warmUpSuite: BenchSuite = {
  name: "warm-up",
  title: "live and exactly once on a fresh real broker of its own, 100-byte messages, with and without a warm-up",
  cases: [cold, warm],
  columns: [...RUN_COLUMNS, { figure: "warmUpMessages", title: "sent before", form: "count" }],
  ratios: [
    {
      title: "end to end: warmed up / not",
      over: { case: warm.id, figure: "endToEndPerSecond" },
      under: { case: cold.id, figure: "endToEndPerSecond" },
    },
  ],
  showsCpu: true,
};
