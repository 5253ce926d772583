/** Java's own producer, at full speed or at a given rate, on a topic of the same shape as ours. */
import { randomBytes } from "node:crypto";
import type { BenchContext, CaseResult } from "../suite.ts";
import { javaTool, runPeer } from "./peer-command.ts";
import { parseProducerPerformance } from "./tool-output.ts";

const PARTITIONS = 20;
/** As a user would tune it for throughput; acks=all is what our producer promises. */
const PROPERTIES: readonly string[] = ["acks=all", "batch.size=131072", "linger.ms=5"];

export interface ProducerPerformanceSpec {
  readonly messages: number;
  readonly messageSize: number;
  /** Per second; 0 = as fast as possible. */
  readonly rate: number;
  /** Records before the measurement begins. */
  readonly warmUp: number;
}

export async function runProducerPerformance(
  context: BenchContext,
  spec: ProducerPerformanceSpec,
): Promise<CaseResult> {
  const session = await context.session();
  const topic = `bench-producer-performance-${randomBytes(4).toString("hex")}`;
  const tool = javaTool("ProducerPerformance", [
    "--bootstrap-server",
    session.bootstrap,
    "--topic",
    topic,
    "--num-records",
    String(spec.messages),
    "--record-size",
    String(spec.messageSize),
    "--throughput",
    spec.rate === 0 ? "-1" : String(spec.rate),
    ...(spec.warmUp === 0 ? [] : ["--warmup-records", String(spec.warmUp)]),
    "--command-property",
    ...PROPERTIES,
  ]);
  return session.withTopic(topic, PARTITIONS, async () => {
    const run = await runPeer(context, session, { ...tool, messages: spec.messages });
    const result = parseProducerPerformance(run.stdout);
    if (result === undefined) throw new Error(`ProducerPerformance printed no total: ${run.stdout.slice(-500)}`);
    const { perSecond, p50Ms, p99Ms, p999Ms } = result;
    return {
      messages: spec.messages,
      messageSize: spec.messageSize,
      figures: { producePerSecond: perSecond, intervalMs: (result.records * 1_000) / perSecond, p50Ms, p99Ms, p999Ms },
      cpuUsPerMessage: run.cpuUsPerMessage,
      rssBytesMax: run.rssBytesMax,
      raw: { result, properties: PROPERTIES, partitions: PARTITIONS, wallMs: run.wallMs, spec },
    };
  });
}
