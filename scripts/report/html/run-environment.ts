/** Where a run took place and with what, what it processed, and how to have it again. Pure. */
import {
  describeCompression,
  describeWarmUp,
  type Infrastructure,
  type Report,
  type SampleMessage,
} from "../../../simulator/common/contract/files/report.ts";
import { formatBytes, formatCount, formatDuration, formatMs, formatPercent, formatRate } from "./figures.ts";
import { type Content, html } from "./markup.ts";
import { renderFacts, renderTable } from "./page-frame.ts";

export function renderEnvironment({ infra, machine, job, parameters }: Report): Content {
  const { kafka, redis } = infra;
  return [
    renderFacts([
      ["Kafka", describeServer(kafka)],
      ["Redis", `${describeServer(redis)}, ${describeDurability(redis)}`],
      ["Machine", `${machine.cores} cores (${machine.cpuModel}), ${formatBytes(machine.memoryBytes)}`],
      ["Node", machine.node],
      ["Job", `${job.name} ${job.id}`],
      ["Topic", html`<code>${job.topic}</code>`],
      ["Consumer group", html`<code>${job.group}</code>`],
      ["State key", html`<code>${job.stateKey}</code>`],
    ]),
    renderTable({
      caption: "Options as they were resolved; passwords are masked",
      columns: [{ title: "Option" }, { title: "Value" }],
      rows: Object.entries(parameters).map(([name, value]) => [name, value === null ? "none" : String(value)]),
    }),
  ];
}

const describeServer = ({ mode, version, endpoint }: Infrastructure): string => `${mode} ${version} at ${endpoint}`;

/** Without an append-only file there is nothing to sync. */
function describeDurability({ aof, fsync }: Infrastructure): string {
  if (aof === "off") return "append-only file off";
  return `append-only file ${aof ?? "unknown"}, fsync ${fsync ?? "unknown"}`;
}

export function renderFigures(report: Report): Content {
  const {
    messages: m,
    parameters,
    warmUp = null,
    unacknowledged,
    throughput,
    latencyMs: l,
    durationMs: d,
    applies,
    checkpoints,
    resources,
  } = report;
  const { observer } = resources;
  return renderFacts([
    [
      "Messages",
      `${formatCount(m.requested)} requested${describeCompression(parameters)}, ${formatCount(m.acknowledged)} acknowledged, ${formatCount(m.inKafka)} in Kafka, ${formatCount(m.processed)} processed`,
    ],
    [
      "Not acknowledged",
      unacknowledged === null || unacknowledged === undefined
        ? "unknown"
        : `${formatCount(unacknowledged.unknown)} went out and have no answer, ${formatCount(unacknowledged.refused)} were refused, ${formatCount(unacknowledged.unsent)} never went out`,
    ],
    [
      "Errors",
      `${formatCount(m.lost)} lost, ${formatCount(m.duplicated)} duplicated, ${formatCount(m.outOfOrder)} out of order, ${formatCount(m.rejected)} rejected, ${formatCount(m.unprocessed)} unprocessed, ${formatCount(m.notCounted)} not counted`,
    ],
    [
      "Throughput",
      `${formatRate(throughput.endToEndPerSecond)} end to end, ${formatRate(throughput.producePerSecond)} produced`,
    ],
    ...(warmUp === null ? [] : [["Warm-up", describeWarmUp(warmUp)] as const]),
    [
      "Latency",
      `p50 ${formatMs(l.p50)}, p90 ${formatMs(l.p90)}, p99 ${formatMs(l.p99)}, p99.9 ${formatMs(l.p999)}, highest ${formatMs(l.max)} (${formatCount(l.recorded)} recorded, ${formatCount(l.missing)} missing)`,
    ],
    [
      "Durations",
      `startup ${formatDuration(d.startup)}, produce ${formatDuration(d.produce)}, end to end ${formatDuration(d.endToEnd)}, validation ${formatDuration(d.validation)}, total ${formatDuration(d.total)}`,
    ],
    ["Checkpoints", `${formatCount(checkpoints.completed)} completed, ${formatCount(checkpoints.failed)} failed`],
    [
      "Applies",
      `${formatCount(applies.ok)} ok, ${formatCount(applies.dup)} dup, ${formatCount(applies.seek)} seek, ${formatCount(applies.fenced)} fenced, ${formatCount(applies.storeLost)} store lost`,
    ],
    [
      "Machine",
      `CPU peak ${formatPercent(resources.cpuPercentPeak)}, memory average ${formatPercent(resources.memoryPercentAvg)}`,
    ],
    [
      "Observing",
      observer === null || observer === undefined
        ? "unknown"
        : `metrics, checkpoints and view took ${formatDuration(observer.cpuMs)} of ${formatDuration(observer.totalCpuMs)} CPU time under load, ${formatPercent(observer.percent)}`,
    ],
  ]);
}

export function renderSamples({ samples }: Report): Content {
  const table = (caption: string, messages: readonly SampleMessage[]): Content =>
    messages.length === 0
      ? html`<p>${caption}: none was read back.</p>\n`
      : renderTable({
          caption,
          columns: [
            { title: "Ordered id" },
            { title: "Timestamp" },
            { title: "TaskManager" },
            { title: "Partition", isNumber: true },
            { title: "Offset", isNumber: true },
            { title: "Payload" },
          ],
          rows: messages.map((message) => [
            formatCount(message.redis_ordered_id),
            String(message.timestamp),
            String(message.task_id),
            formatCount(message.kafka_partition),
            formatCount(message.kafka_offset),
            html`<code>${String(message.payload)}</code>`,
          ]),
        });
  return [table("The first messages that were processed", samples.first), table("The last ones", samples.last)];
}

export const renderReproduction = (
  command: string,
): Content => html`<p>The same system under the same load, on whatever machine runs it:</p>
<pre><code>${command}</code></pre>
<p class="soft">Options that have their defaults are left out. What is masked has to be filled in. The figures above can be printed with <code>flink-apphost report --format json</code>.</p>
`;
