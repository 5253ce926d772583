/** `produce --kafka` beside Kafka's own ProducerPerformance: a producer alone, on the same broker, to the acknowledgement. */
import { randomBytes } from "node:crypto";
import type { Compression } from "../../../simulator/common/contract/child/run-config.ts";
import { programPath } from "../parts.ts";
import { runPeer } from "../peers/peer-command.ts";
import { runProducerPerformance } from "../peers/producer-performance.ts";
import type { BenchCase, BenchContext, BenchSuite, CaseResult, Figures } from "../suite.ts";

const MESSAGE_SIZE = 100;
const PARTITIONS = 20;
const CODECS: readonly Compression[] = ["none", "lz4", "zstd"];

/** What the bench reads of the line that `--ui json` prints. */
interface ProducedLine {
  readonly messagesPerSecond: number | null;
  readonly durationMs: number | null;
  readonly acknowledgeMs: { readonly p50: number | null; readonly p99: number | null; readonly p999: number | null };
}

async function measureOwn(context: BenchContext, compression: Compression): Promise<CaseResult> {
  const session = await context.session();
  const { messages } = context.options;
  const topic = `bench-produce-${randomBytes(4).toString("hex")}`;
  const options = { kafka: session.bootstrap, topic, messages, "message-size": MESSAGE_SIZE, compression, ui: "json" };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return session.withTopic(topic, PARTITIONS, async () => {
    const run = await runPeer(context, session, {
      name: `produce, ${compression}`,
      command: process.execPath,
      args: [programPath("apphost/main"), "produce", ...args],
      messages,
    });
    const line = JSON.parse(run.stdout) as ProducedLine;
    const { p50, p99, p999 } = line.acknowledgeMs;
    const bytes = session.topicBytes(topic);
    const figures: Figures = {
      producePerSecond: line.messagesPerSecond,
      intervalMs: line.durationMs,
      p50Ms: p50,
      p99Ms: p99,
      p999Ms: p999,
      diskBytesPerMessage: bytes === null ? null : bytes / messages,
    };
    const { cpuUsPerMessage, rssBytesMax, wallMs } = run;
    const raw = { line, partitions: PARTITIONS, wallMs, compression };
    return { messages, messageSize: MESSAGE_SIZE, figures, cpuUsPerMessage, rssBytesMax, raw };
  });
}

const own = (compression: Compression): BenchCase => ({
  id: `produce/own-${compression}`,
  title: `produce --kafka, ${compression}`,
  usesBroker: true,
  measure: (context) => measureOwn(context, compression),
});

const java = (compression: Compression): BenchCase => ({
  id: `produce/java-${compression}`,
  title: `ProducerPerformance (Java, acks=all), ${compression}`,
  usesBroker: true,
  isPeer: true,
  measure: (context) =>
    runProducerPerformance(context, {
      messages: context.options.messages,
      messageSize: MESSAGE_SIZE,
      rate: 0,
      warmUp: 0,
      compression,
      sendsOurs: true,
    }),
});

export const produceSuite: BenchSuite = {
  name: "produce",
  title: "a producer alone, 100-byte messages, 20 partitions; latency from a batch's send (ours) or a record's (Java)",
  cases: CODECS.flatMap((compression) => [own(compression), java(compression)]),
  columns: [
    { figure: "producePerSecond", title: "produced", form: "rate" },
    { figure: "p50Ms", title: "p50", form: "ms" },
    { figure: "p99Ms", title: "p99", form: "ms" },
    { figure: "p999Ms", title: "p99.9", form: "ms" },
    { figure: "diskBytesPerMessage", title: "bytes on disk a message", form: "bytes" },
  ],
  ratios: CODECS.map((compression) => ({
    title: `produced: ours / ProducerPerformance, ${compression}`,
    over: { case: `produce/own-${compression}`, figure: "producePerSecond" },
    under: { case: `produce/java-${compression}`, figure: "producePerSecond" },
  })),
  showsCpu: true,
};
