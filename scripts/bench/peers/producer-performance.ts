/** Java's own producer, at full speed or at a given rate, on a topic of the same shape as ours. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Compression } from "../../../simulator/common/contract/child/run-config.ts";
import { formatMessage } from "../../../simulator/common/contract/message.ts";
import type { BenchContext, CaseResult } from "../suite.ts";
import { javaTool, runPeer } from "./peer-command.ts";
import { parseProducerPerformance } from "./tool-output.ts";

const PARTITIONS = 20;
const PAYLOADS = 10_000;
/** As a user would tune it for throughput; acks=all is what our producer promises. */
const PROPERTIES: readonly string[] = ["acks=all", "batch.size=131072", "linger.ms=5"];

export interface ProducerPerformanceSpec {
  readonly messages: number;
  readonly messageSize: number;
  /** Per second; 0 = as fast as possible. */
  readonly rate: number;
  /** Records before the measurement begins. */
  readonly warmUp: number;
  /** @default "none" */
  readonly compression?: Compression;
  /** The very messages that our producer sends, where they are compressed: the tool's own are letters by chance. */
  readonly sendsOurs?: boolean;
}

export async function runProducerPerformance(
  context: BenchContext,
  spec: ProducerPerformanceSpec,
): Promise<CaseResult> {
  const session = await context.session();
  const topic = `bench-producer-performance-${randomBytes(4).toString("hex")}`;
  const properties = [...PROPERTIES, `compression.type=${spec.compression ?? "none"}`];
  const tool = javaTool("ProducerPerformance", [
    "--bootstrap-server",
    session.bootstrap,
    "--topic",
    topic,
    "--num-records",
    String(spec.messages),
    ...(spec.sendsOurs === true
      ? ["--payload-file", writePayloads(context, spec.messageSize)]
      : ["--record-size", String(spec.messageSize)]),
    "--throughput",
    spec.rate === 0 ? "-1" : String(spec.rate),
    ...(spec.warmUp === 0 ? [] : ["--warmup-records", String(spec.warmUp)]),
    "--command-property",
    ...properties,
  ]);
  return session.withTopic(topic, PARTITIONS, async () => {
    const run = await runPeer(context, session, { ...tool, messages: spec.messages });
    const result = parseProducerPerformance(run.stdout);
    if (result === undefined) throw new Error(`ProducerPerformance printed no total: ${run.stdout.slice(-500)}`);
    const { perSecond, p50Ms, p99Ms, p999Ms } = result;
    const bytes = session.topicBytes(topic);
    return {
      messages: spec.messages,
      messageSize: spec.messageSize,
      figures: {
        producePerSecond: perSecond,
        intervalMs: (result.records * 1_000) / perSecond,
        p50Ms,
        p99Ms,
        p999Ms,
        diskBytesPerMessage: bytes === null ? null : bytes / spec.messages,
      },
      cpuUsPerMessage: run.cpuUsPerMessage,
      rssBytesMax: run.rssBytesMax,
      raw: { result, properties, partitions: PARTITIONS, wallMs: run.wallMs, spec },
    };
  });
}

/** One on each line; the tool draws from them. */
function writePayloads({ workFolder, clock }: BenchContext, messageSize: number): string {
  const path = join(workFolder, `payloads-${messageSize}.txt`);
  const lines = Array.from({ length: PAYLOADS }, (_, i) => formatMessage(i + 1, clock.nowUs(), messageSize));
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
