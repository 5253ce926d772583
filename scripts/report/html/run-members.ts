/** Who did how much of a run: TaskManagers, partitions, processes. Pure. */
import type { Report } from "../../../simulator/common/contract/files/report.ts";
import { renderBarChart } from "./bar-chart.ts";
import { formatBytes, formatCount, formatDuration, formatPartitions, formatPercent, formatShort } from "./figures.ts";
import { type Content, html } from "./markup.ts";
import { renderTable } from "./page-frame.ts";
import type { Series } from "./series.ts";
import type { Timeline } from "./timeline.ts";

export function renderTaskManagers({ taskManagers }: Report): Content {
  if (taskManagers.length === 0) return html`<p>No TaskManager took part in this run.</p>`;
  const known = taskManagers.flatMap(({ id, processed }) => (processed === null ? [] : [{ id, processed }]));
  const counts = known.map(({ processed }) => processed);
  const shares =
    known.length === 0
      ? "how much each of them processed is not told"
      : `with ${formatCount(Math.min(...counts))} to ${formatCount(Math.max(...counts))} messages each`;
  return renderBarChart({
    id: "task-managers",
    title: "Processed by each TaskManager",
    summary: `${formatCount(taskManagers.length)} TaskManagers, ${shares}.`,
    bars: known.map(({ id, processed }) => ({ name: id.replace(/^taskmanager-/, ""), value: processed })),
    formatAxis: formatShort,
    table: {
      caption: "TaskManagers",
      columns: [
        { title: "TaskManager" },
        { title: "Processed", isNumber: true },
        { title: "Partitions at the end" },
        { title: "CPU time", isNumber: true },
        { title: "Highest memory", isNumber: true },
        { title: "Restarts", isNumber: true },
        { title: "Process id", isNumber: true },
      ],
      rows: taskManagers.map((tm) => [
        tm.id,
        formatCount(tm.processed),
        formatPartitions(tm.partitions),
        formatDuration(tm.cpuMs),
        formatBytes(tm.rssBytesMax),
        formatCount(tm.restarts),
        tm.pid === null ? "none" : String(tm.pid),
      ]),
    },
  });
}

export function renderPartitions({ partitions }: Report): Content {
  if (partitions.length === 0) return html`<p>The topic was not read again, so nothing is known of its partitions.</p>`;
  const counts = partitions.map(({ count }) => count);
  return renderBarChart({
    id: "partitions",
    title: "Messages in each partition",
    summary: `As the topic was read again: ${formatCount(partitions.length)} partitions with ${formatCount(Math.min(...counts))} to ${formatCount(Math.max(...counts))} messages each.`,
    bars: partitions.map(({ p, count }) => ({ name: String(p), value: count })),
    formatAxis: formatShort,
    table: {
      caption: "Partitions",
      columns: ["Partition", "Messages", "Rejected", "Skipped", "First offset", "End offset"].map((title, index) => ({
        title,
        isNumber: index > 0,
      })),
      rows: partitions.map(({ p, count, rejected, skipped, start, end }) => [
        String(p),
        ...[count, rejected, skipped, start, end].map(formatCount),
      ]),
    },
  });
}

export function renderProcesses({ resources }: Report, { processes }: Timeline): Content {
  return renderTable({
    caption: "Each process over the whole run",
    columns: [
      { title: "Process" },
      { title: "CPU time", isNumber: true },
      { title: "Of it under load", isNumber: true },
      ...(processes.size === 0 ? [] : [{ title: "CPU, average and highest", isNumber: true }]),
      { title: "Highest memory", isNumber: true },
    ],
    rows: resources.byProcess.map(({ name, cpuMs, loadCpuMs, rssBytesMax }) => {
      const cpu = processes.get(name)?.cpuPercent;
      return [
        name,
        formatDuration(cpuMs),
        formatDuration(loadCpuMs),
        ...(processes.size === 0 ? [] : [describeCpu(cpu)]),
        formatBytes(rssBytesMax),
      ];
    }),
  });
}

const describeCpu = (cpu: Series | undefined): string =>
  cpu === undefined || cpu.isEmpty ? "not recorded" : `${formatPercent(cpu.mean)}, ${formatPercent(cpu.max)}`;
