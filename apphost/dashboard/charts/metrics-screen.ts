/**
 * The live figures as one screen: progress, throughput, lag, latency, the partition map, checkpoints and usage. Pure.
 *
 * V1 Every part has its least rows before one has more, in the order of what a person needs; then each its comfortable
 *    rows, then what it can use.
 * V2 What has no room, or has it only for its newest figures, is named in the last row.
 */
import { formatCompact, formatDuration } from "../../snapshot/format.ts";
import type { HistoryPoint, Mark } from "../../snapshot/histories.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { drawProgress } from "./bar.ts";
import { drawCheckpointStrip } from "./checkpoint-strip.ts";
import { drawLineChart } from "./line-chart.ts";
import type { Outage } from "./mark-row.ts";
import { drawPartitionMap } from "./partition-map.ts";
import { type ChartRow, type ChartSize, fitRows, joinParts, measureRow } from "./segment.ts";
import type { LoadOrder } from "./task-manager-loads.ts";
import { countUsageRows, drawUsage, type UsageOrder } from "./usage-rows.ts";

export interface MetricsInput
  extends Pick<Snapshot, "progress" | "usage" | "cpuHistory" | "memoryHistory" | "checkpoints"> {
  readonly history: readonly HistoryPoint[];
  readonly marks: readonly Mark[];
  readonly recoveries: readonly Outage[];
  /** Run time of the first event, and of now. */
  readonly startedAtUs: number;
  readonly nowUs: number;
  /** The TaskManagers that the host runs. */
  readonly present: readonly string[];
  readonly order: LoadOrder;
  readonly usageOrder: UsageOrder;
  /** What is to be seen. Whoever has shown a part elsewhere leaves it out, and it is not missing then. */
  readonly parts: readonly PartName[];
}

export const METRICS_PARTS = ["progress", "throughput", "map", "lag", "latency", "checkpoints", "usage"] as const;
type PartName = (typeof METRICS_PARTS)[number];
interface Part {
  readonly name: PartName;
  readonly least: number;
  readonly comfortable: number;
  readonly most: number;
}

/** As long as a history of one point each second lasts. */
const WINDOW_US = 600_000_000;
/** From here, lag and latency stand side by side. */
const PAIR_COLUMNS_MIN = 100;
const PAIR_GAP = "  ";
/** About what a TaskManager takes with its figures, where several share a line. */
const CARD_COLUMNS = 36;
/** Summary, heading and legend of the map. */
const MAP_FRAME_ROWS = 3;
/** With fewer rows a chart is only its newest figures. */
const CHART_ROWS_MIN = 3;

export function drawMetrics(all: MetricsInput, size: ChartSize): readonly ChartRow[] {
  const input = { ...all, history: keepRecent(all.history) };
  const parts = listParts(input, size);
  const whole = planWithMap(input, parts, size);
  const left = listLeftOut(input, whole);
  if (left.length === 0 || size.rows < 2) return fitRows(drawParts(input, whole, size), size);
  const plan = planWithMap(input, parts, { ...size, rows: size.rows - 1 });
  const words = listLeftOut(input, plan).map((text): ChartRow => [{ text, dim: true }]);
  const notShown: ChartRow = [{ text: "no room for:", dim: true }];
  return [
    ...fitRows(drawParts(input, plan, size), { ...size, rows: size.rows - 1 }),
    ...fitRows([joinParts([notShown, ...words], size.columns)], { ...size, rows: 1 }),
  ];
}

/** In the order of what a person needs. */
function listParts(input: MetricsInput, { columns }: ChartSize): readonly Part[] {
  const isPair = columns >= PAIR_COLUMNS_MIN;
  const taskManagers = input.progress?.taskManagers.length ?? 0;
  const cardRows = Math.ceil(taskManagers / Math.max(1, Math.floor(columns / CARD_COLUMNS)));
  const usageRows = countUsageRows(input, columns);
  const all: readonly Part[] = [
    { name: "progress", least: 2, comfortable: 2, most: 2 },
    { name: "throughput", least: 4, comfortable: 7, most: 16 },
    { name: "map", least: 3, comfortable: cardRows + MAP_FRAME_ROWS, most: taskManagers + MAP_FRAME_ROWS },
    { name: "checkpoints", least: 1, comfortable: 3, most: 3 },
    { name: "lag", least: 1, comfortable: 5, most: 12 },
    // Beside the lag it takes the rows that the lag has.
    ...(isPair ? [] : [{ name: "latency", least: 1, comfortable: 5, most: 12 } as const]),
    { name: "usage", least: 0, comfortable: Math.min(usageRows, 4), most: usageRows },
  ];
  return all.filter(({ name }) => input.parts.includes(name));
}

type Plan = Readonly<Record<PartName, number>>;

/** The map takes a form for which it has room, and what it then leaves empty goes to the others. */
function planWithMap(input: MetricsInput, parts: readonly Part[], size: ChartSize): Plan {
  const first = planRows(parts, size);
  if (first.map === 0) return first;
  const used = trimRows(drawPartitionMap(input, { ...size, rows: first.map })).length;
  return planRows(
    parts.map((part) => (part.name === "map" ? { ...part, least: used, comfortable: used, most: used } : part)),
    size,
  );
}

/** V1 */
function planRows(parts: readonly Part[], { columns, rows }: ChartSize): Plan {
  const plan = { progress: 0, throughput: 0, map: 0, lag: 0, latency: 0, checkpoints: 0, usage: 0 };
  let left = rows;
  for (const step of ["least", "comfortable", "most"] as const) {
    for (const part of parts) {
      const more = Math.max(0, Math.min(left, part[step] - plan[part.name]));
      plan[part.name] += more;
      left -= more;
    }
  }
  return columns >= PAIR_COLUMNS_MIN ? { ...plan, latency: plan.lag } : plan;
}

/** V2 */
function listLeftOut({ usage, parts }: MetricsInput, plan: Plan): readonly string[] {
  const isShort = (name: PartName, rowsMin: number): boolean => parts.includes(name) && plan[name] < rowsMin;
  const charts = (["throughput", "lag", "latency"] as const).filter((name) => isShort(name, CHART_ROWS_MIN));
  return [
    ...(charts.length === 0 ? [] : [`${charts.join(" and ")} over time`]),
    ...(isShort("map", 2) ? ["the partition map"] : []),
    ...(isShort("checkpoints", 1) ? ["checkpoints"] : []),
    ...(usage !== null && isShort("usage", 2) ? ["usage of each process"] : []),
  ];
}

function drawParts(input: MetricsInput, plan: Plan, size: ChartSize): readonly ChartRow[] {
  const sizeOf = (name: PartName): ChartSize => ({ ...size, rows: plan[name] });
  return [
    ...drawRunProgress(input, sizeOf("progress")),
    ...drawThroughput(input, sizeOf("throughput")),
    ...(size.columns >= PAIR_COLUMNS_MIN
      ? drawPair(input, sizeOf("lag"))
      : [...drawLag(input, sizeOf("lag")), ...drawLatency(input, sizeOf("latency"))]),
    ...drawPartitionMap(input, sizeOf("map")),
    ...drawCheckpointStrip(input.checkpoints, input.nowUs, sizeOf("checkpoints")),
    ...drawUsage(input, input.usageOrder, sizeOf("usage")),
  ];
}

function drawRunProgress({ progress }: MetricsInput, size: ChartSize): readonly ChartRow[] {
  if (progress === null)
    return fitRows(
      [
        [
          { text: "progress", bold: true },
          { text: "  nothing yet", dim: true },
        ],
      ],
      size,
    );
  const { requested, produced, processed, producedPerSecond, processedPerSecond } = progress;
  return drawProgress(
    [
      { label: "produced", done: produced, total: requested, perSecond: producedPerSecond, color: "accent" },
      { label: "processed", done: processed, total: requested, perSecond: processedPerSecond, color: "good" },
    ],
    size,
  );
}

const formatPerSecond = (value: number): string => `${formatCompact(value)}/s`;

function drawThroughput(
  { history, marks, recoveries, startedAtUs }: MetricsInput,
  size: ChartSize,
): readonly ChartRow[] {
  return drawLineChart(
    {
      title: "throughput",
      series: [
        { label: "produced", color: "accent", points: pointsOf(history, (point) => point.producedPerSecond) },
        { label: "processed", color: "good", points: pointsOf(history, (point) => point.processedPerSecond) },
      ],
      formatValue: formatPerSecond,
      startedAtUs,
      marks,
      recoveries,
    },
    size,
  );
}

function drawLag({ history, startedAtUs }: MetricsInput, size: ChartSize): readonly ChartRow[] {
  const points = pointsOf(history, ({ lag }) => lag);
  return drawLineChart(
    { title: "lag", series: [{ label: "messages", color: "warn", points }], formatValue: formatCompact, startedAtUs },
    size,
  );
}

function drawLatency({ history, startedAtUs }: MetricsInput, size: ChartSize): readonly ChartRow[] {
  return drawLineChart(
    {
      title: "latency",
      series: [
        { label: "p99", color: "warn", points: pointsOf(history, ({ p99Ms }) => p99Ms) },
        { label: "p50", color: "good", points: pointsOf(history, ({ p50Ms }) => p50Ms) },
      ],
      formatValue: formatDuration,
      startedAtUs,
    },
    size,
  );
}

function drawPair(input: MetricsInput, size: ChartSize): readonly ChartRow[] {
  const columns = Math.floor((size.columns - PAIR_GAP.length) / 2);
  const right = drawLatency(input, { ...size, columns });
  return drawLag(input, { ...size, columns }).map((left, row) => [
    ...left,
    { text: " ".repeat(columns - measureRow(left)) + PAIR_GAP },
    ...(right[row] ?? []),
  ]);
}

/** An hour without work between two rounds would leave either of them a column or two. */
function keepRecent(history: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const fromUs = (history.at(-1)?.atUs ?? 0) - WINDOW_US;
  return history.filter(({ atUs }) => atUs >= fromUs);
}

const pointsOf = (history: readonly HistoryPoint[], read: (point: HistoryPoint) => number | null) =>
  history.map((point) => ({ atUs: point.atUs, value: read(point) }));

function trimRows(rows: readonly ChartRow[]): readonly ChartRow[] {
  return rows.slice(0, 1 + rows.findLastIndex((row) => measureRow(row) > 0));
}
