/** Java's own consumer, alone, on the full topic: it reads and does nothing else. */
import { randomBytes } from "node:crypto";
import { fillTopic } from "../filled-topic.ts";
import type { BenchCase } from "../suite.ts";
import { javaTool, runPeer } from "./peer-command.ts";
import { parseConsumerPerformance } from "./tool-output.ts";

const SILENCE_MS_MAX = 60_000;

export const consumerPerformance: BenchCase = {
  id: "peers/consumer-performance",
  title: "ConsumerPerformance (Java, one process)",
  usesBroker: true,
  isPeer: true,
  async measure(context) {
    const session = await context.session();
    const { topic, messages, messageSize } = await fillTopic(context);
    const tool = javaTool("ConsumerPerformance", [
      "--bootstrap-server",
      session.bootstrap,
      "--topic",
      topic,
      "--num-records",
      String(messages),
      "--group",
      `bench-consumer-performance-${randomBytes(4).toString("hex")}`,
      "--timeout",
      String(SILENCE_MS_MAX),
    ]);
    const run = await runPeer(context, session, { ...tool, messages });
    const result = parseConsumerPerformance(run.stdout);
    if (result === undefined) throw new Error(`ConsumerPerformance printed no result: ${run.stdout.slice(-500)}`);
    // It counts whole polls, so it may have read a little more than it was asked for, and never less.
    if (result.records < messages)
      throw new Error(`ConsumerPerformance read ${result.records} of ${messages} messages`);
    return {
      messages,
      messageSize,
      // Without the joining of its group: in the product, too, processes and assignment come before the interval.
      figures: { drainPerSecond: result.fetchPerSecond, intervalMs: result.fetchMs },
      cpuUsPerMessage: run.cpuUsPerMessage,
      rssBytesMax: run.rssBytesMax,
      raw: { result, wallMs: run.wallMs },
    };
  },
};
