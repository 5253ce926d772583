/**
 * One dimension at a time around the ordinary run (`--messages`, 100 bytes, 20 TaskManagers): a fifth, a tenth or five
 * times the messages; fewer TaskManagers; larger messages, fewer of them. Time must grow with the messages, and memory
 * must not. On the session's servers: an embedded broker holds its topic in memory, and so grows by design.
 */
import { runProduct } from "../product-run.ts";
import { describeRun } from "../run-figures.ts";
import type { BenchCase, BenchContext, BenchSuite, RatioSpec } from "../suite.ts";

interface Point {
  readonly id: string;
  readonly title: string;
  /** Times `--messages`. */
  readonly share: number;
  readonly messageSize: number;
  readonly taskManagers: number;
}

const CENTRE = { share: 1, messageSize: 100, taskManagers: 20 };
const POINTS: readonly Point[] = [
  { ...CENTRE, id: "tenth", title: "1/10 of the messages", share: 0.1 },
  { ...CENTRE, id: "centre", title: "ordinary: 100 B, 20 TaskManagers" },
  { ...CENTRE, id: "fivefold", title: "5 times the messages", share: 5 },
  { ...CENTRE, id: "tm-1", title: "1 TaskManager", taskManagers: 1 },
  { ...CENTRE, id: "tm-5", title: "5 TaskManagers", taskManagers: 5 },
  { ...CENTRE, id: "tm-10", title: "10 TaskManagers", taskManagers: 10 },
  { ...CENTRE, id: "64b", title: "64 B", messageSize: 64 },
  { ...CENTRE, id: "1k", title: "1 KB, 1/5 of the messages", share: 0.2, messageSize: 1_024 },
  { ...CENTRE, id: "10k", title: "10 KB, 1/20 of the messages", share: 0.05, messageSize: 10_240 },
];

async function measurePoint(context: BenchContext, point: Point) {
  const session = await context.session();
  const run = await runProduct(context, {
    name: `growth, ${point.title}`,
    messages: Math.max(1, Math.round(context.options.messages * point.share)),
    messageSize: point.messageSize,
    infra: "native",
    kafka: session,
    redis: session,
    taskManagers: point.taskManagers,
  });
  const result = describeRun(run);
  const { intervalMs } = result.figures;
  const memory = result.rssBytesMax ?? {};
  return {
    ...result,
    figures: {
      ...result.figures,
      nsPerMessage: typeof intervalMs === "number" ? (intervalMs * 1_000_000) / result.messages : null,
      taskManagerRssBytes: memory["taskManagers"] ?? null,
      producerRssBytes: memory["producer"] ?? null,
      jobManagerRssBytes: memory["jobManager"] ?? null,
      hostRssBytes: memory["host"] ?? null,
      redisRssBytes: memory["redis"] ?? null,
    },
  };
}

const caseId = (id: string): string => `growth/${id}`;
const createCase = (point: Point): BenchCase => ({
  id: caseId(point.id),
  title: point.title,
  usesBroker: true,
  measure: (context) => measurePoint(context, point),
});

const grow = (title: string, figure: string): RatioSpec => ({
  title: `${title}: 5 times the messages / ordinary`,
  over: { case: caseId("fivefold"), figure },
  under: { case: caseId("centre"), figure },
});

export const growthSuite: BenchSuite = {
  name: "growth",
  title: "one dimension at a time, real Kafka and Redis; memory is the peak of the largest process of a kind",
  cases: POINTS.map(createCase),
  columns: [
    { figure: "endToEndPerSecond", title: "end to end", form: "rate" },
    { figure: "intervalMs", title: "interval", form: "ms" },
    { figure: "nsPerMessage", title: "per message", form: "ns" },
    { figure: "taskManagerRssBytes", title: "TaskManager", form: "mebibytes" },
    { figure: "producerRssBytes", title: "producer", form: "mebibytes" },
    { figure: "jobManagerRssBytes", title: "JobManager", form: "mebibytes" },
    { figure: "hostRssBytes", title: "host", form: "mebibytes" },
    { figure: "redisRssBytes", title: "Redis", form: "mebibytes" },
  ],
  ratios: [
    grow("time per message", "nsPerMessage"),
    grow("memory of a TaskManager", "taskManagerRssBytes"),
    grow("memory of the host", "hostRssBytes"),
    grow("memory of the producer", "producerRssBytes"),
  ],
  showsCpu: true,
};
