/**
 * What the producer's compression does to a whole run: its rate, the CPU of the broker and of those around it, and the bytes
 * on the broker's disk. Each codec on the session's broker, which gets warm, and on a broker that has just started.
 */
import { COMPRESSIONS, type Compression } from "../../../simulator/common/contract/child/run-config.ts";
import { topicName } from "../../../simulator/common/contract/names.ts";
import { findKafkaLibs, MissingPart } from "../parts.ts";
import { runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult, RatioSpec } from "../suite.ts";
import { readTopicBytes } from "../topic-bytes.ts";
import { RUN_COLUMNS } from "./pipeline.ts";

const MESSAGE_SIZE = 100;
type Broker = "session" | "fresh";

async function measure(context: BenchContext, compression: Compression, broker: Broker): Promise<CaseResult> {
  if (findKafkaLibs() === undefined) throw new MissingPart("KAFKA_HOME names no folder with Kafka's jars in libs/");
  const session = await context.session();
  const { messages } = context.options;
  let place: { readonly runDir: string; readonly topic: string } | null = null;
  let diskBytes: number | null = null;
  const run = await runProduct(context, {
    name: `${compression}, ${broker} broker`,
    messages,
    messageSize: MESSAGE_SIZE,
    infra: "native",
    kafka: broker === "session" ? session : null,
    redis: session,
    compression,
    onEvent(event) {
      if (event.type === "run") place = { runDir: event.runDir, topic: topicName(event.runId) };
      // All is acknowledged and applied, and the broker still runs.
      if (event.type !== "phase" || event.phase !== "validating" || place === null) return;
      diskBytes = broker === "session" ? session.topicBytes(place.topic) : readTopicBytes(place.runDir, place.topic);
    },
  });
  return describeRun(run, { diskBytesPerMessage: diskBytes === null ? null : diskBytes / messages });
}

const createCase = (compression: Compression, broker: Broker): BenchCase => ({
  id: `compression/${compression}-${broker}`,
  title: `${compression}, ${broker === "fresh" ? "a broker of its own that has just started" : "the session's broker"}`,
  usesBroker: broker === "session",
  measure: (context) => measure(context, compression, broker),
});

const BROKERS: readonly Broker[] = ["session", "fresh"];

const ratios: readonly RatioSpec[] = BROKERS.flatMap((broker) =>
  COMPRESSIONS.filter((compression) => compression !== "none").flatMap((compression) =>
    ["endToEndPerSecond", "diskBytesPerMessage"].map((figure) => ({
      title: `${figure === "endToEndPerSecond" ? "end to end" : "bytes on disk"}: ${compression} / none, ${broker} broker`,
      over: { case: `compression/${compression}-${broker}`, figure },
      under: { case: `compression/none-${broker}`, figure },
    })),
  ),
);

export const compressionSuite: BenchSuite = {
  name: "compression",
  title: "live and exactly once with each codec, 100-byte messages, on a warm and on a fresh real broker",
  cases: BROKERS.flatMap((broker) => COMPRESSIONS.map((compression) => createCase(compression, broker))),
  columns: [...RUN_COLUMNS, { figure: "diskBytesPerMessage", title: "bytes on disk a message", form: "bytes" }],
  ratios,
  showsCpu: true,
};
