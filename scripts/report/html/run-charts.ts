/** The charts of one run. Pure. */
import { lineStyleOf } from "./chart.ts";
import {
  formatBytes,
  formatCount,
  formatMs,
  formatPercent,
  formatRate,
  formatShort,
  formatShortMebibytes,
  formatShortMs,
  formatShortPercent,
  MEBIBYTE,
} from "./figures.ts";
import type { Html } from "./markup.ts";
import type { Series } from "./series.ts";
import { type ChartLine, renderTimeChart, type TimeChart, type TimeFrame } from "./time-chart.ts";
import type { ProcessSeries, Timeline } from "./timeline.ts";

/** While the host is idle usage is not kept. */
const USAGE_GAP_SECONDS = 5;
/** Nothing is said of the latency of a second in which nothing was processed. */
const LATENCY_GAP_SECONDS = 3;
/** So many can be told apart by colour; of more, those that differ most from the others are named. */
const NAMED_MAX = 6;
const PROCESSES_MAX = 12;

export function renderFlowCharts(timeline: Timeline, frame: TimeFrame): Html[] {
  const { produced, processed, lag, taskManagers } = timeline;
  const rates = { formatAxis: formatShort, format: formatRate };
  return [
    renderTimeChart(
      {
        id: "throughput",
        title: "Throughput",
        summary: "Messages produced and processed per second. A triangle at the foot is a completed checkpoint.",
        lines: lineUp([
          ["produced", produced],
          ["processed", processed],
        ]),
        ticks: { name: "checkpoints", series: timeline.checkpointMs },
        ...rates,
      },
      frame,
    ),
    renderTimeChart(
      {
        id: "lag",
        title: "Lag",
        summary: "Messages that are in Kafka and not processed yet.",
        lines: lineUp([["lag", lag]]),
        formatAxis: formatShort,
        format: formatCount,
      },
      frame,
    ),
    renderTimeChart(latencyChart(timeline), frame),
    renderTimeChart(
      {
        id: "task-manager-rates",
        title: "Throughput of each TaskManager",
        summary: "Messages processed per second; those with the highest and the lowest average are named.",
        lines: nameOutliers(taskManagers),
        ...rates,
      },
      frame,
    ),
    renderTimeChart(
      {
        id: "checkpoints",
        title: "Checkpoints",
        summary: "How long each completed checkpoint took.",
        lines: lineUp([["duration", timeline.checkpointMs]]),
        formatAxis: formatShortMs,
        format: formatMs,
        isScattered: true,
      },
      frame,
    ),
  ];
}

function latencyChart({ intervalLatency, latency }: Timeline): TimeChart {
  const isInterval = !intervalLatency.p99.isEmpty;
  const { p50, p99 } = isInterval ? intervalLatency : latency;
  return {
    id: "latency",
    title: "Latency",
    summary: isInterval
      ? "From the producer's clock to the applied effect: half of the messages of each second were faster than p50, and 99 % faster than p99."
      : "From the producer's clock to the applied effect, of all messages since the start: this run did not record the percentiles of each second.",
    lines: lineUp([
      ["p50", p50],
      ["p99", p99],
    ]),
    formatAxis: formatShortMs,
    format: formatMs,
    isLogarithmic: true,
    gapSeconds: LATENCY_GAP_SECONDS,
  };
}

export function renderUsageCharts(timeline: Timeline, frame: TimeFrame): Html[] {
  const { processes, ownUse, taskManagers, machine } = timeline;
  const isTaskManager = (name: string) => taskManagers.has(name) || ownUse.has(name);
  const others = pick(processes, (name) => !isTaskManager(name));
  const known = processes.size > 0 ? pick(processes, isTaskManager) : ownUse;
  const chart = (which: keyof ProcessSeries, more: Pick<TimeChart, "id" | "title" | "summary" | "lines">) => {
    const formats =
      which === "cpuPercent"
        ? { formatAxis: formatShortPercent, format: formatPercent }
        : { axisUnit: MEBIBYTE, formatAxis: formatShortMebibytes, format: formatBytes };
    return renderTimeChart({ ...formats, gapSeconds: USAGE_GAP_SECONDS, ...more }, frame);
  };
  const cores = "100 % is one core.";
  return [
    chart("cpuPercent", {
      id: "machine",
      title: "The machine",
      summary: "CPU, where 100 % is all cores, and memory in use.",
      lines: lineUp([
        ["CPU", machine.cpuPercent],
        ["memory", machine.memoryPercent],
      ]),
    }),
    chart("cpuPercent", {
      id: "process-cpu",
      title: "CPU of each process",
      summary: `Without the TaskManagers. ${cores}`,
      lines: lineUpBusiest(others, "cpuPercent"),
    }),
    chart("cpuPercent", {
      id: "task-manager-cpu",
      title: "CPU of each TaskManager",
      summary: `Those with the highest and the lowest average are named. ${cores}`,
      lines: nameOutliers(seriesOf(known, "cpuPercent")),
    }),
    chart("rssBytes", {
      id: "process-memory",
      title: "Memory of each process",
      summary: "Resident, without the TaskManagers.",
      lines: lineUpBusiest(others, "rssBytes"),
    }),
    chart("rssBytes", {
      id: "task-manager-memory",
      title: "Memory of each TaskManager",
      summary: "Resident; those with the highest and the lowest average are named.",
      lines: nameOutliers(seriesOf(known, "rssBytes")),
    }),
  ];
}

const lineUp = (named: readonly (readonly [string, Series])[]): ChartLine[] =>
  named.map(([name, series], index) => ({ name, series, style: lineStyleOf(index) }));

const seriesOf = (all: ReadonlyMap<string, ProcessSeries>, which: keyof ProcessSeries): Map<string, Series> =>
  new Map([...all].map(([name, series]) => [name, series[which]]));

const pick = (all: ReadonlyMap<string, ProcessSeries>, isPicked: (name: string) => boolean) =>
  new Map([...all].filter(([name]) => isPicked(name)));

/** What hardly does anything is in the table of processes. */
function lineUpBusiest(all: ReadonlyMap<string, ProcessSeries>, which: keyof ProcessSeries): ChartLine[] {
  const known = [...seriesOf(all, which)].filter(([, series]) => !series.isEmpty);
  const busiest = new Set(
    known
      .toSorted(([, a], [, b]) => b.max - a.max)
      .slice(0, PROCESSES_MAX)
      .map(([name]) => name),
  );
  return lineUp(known.filter(([name]) => busiest.has(name)));
}

function nameOutliers(all: ReadonlyMap<string, Series>): ChartLine[] {
  const known = [...all].filter(([, series]) => !series.isEmpty).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (known.length <= NAMED_MAX) return lineUp(known);
  const byMean = known.toSorted(([, a], [, b]) => b.mean - a.mean);
  const [highest, lowest] = [byMean[0]?.[0], byMean.at(-1)?.[0]];
  return known.map(([name, series]) => {
    if (name === highest) return { name: `${name} (highest)`, series, style: lineStyleOf(0) };
    if (name === lowest) return { name: `${name} (lowest)`, series, style: lineStyleOf(1) };
    return { name, series, style: "many" };
  });
}
