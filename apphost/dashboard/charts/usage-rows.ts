/** What each process takes of the machine: CPU and memory now and over the last minute. Pure. */
import type { UsageEvent } from "../../../simulator/common/contract/events.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { formatCount, formatMebibytes } from "../../snapshot/format.ts";
import type { Histories } from "../../snapshot/histories.ts";
import { type ChartRow, type ChartSize, cleanText, fitColumns, fitRows, joinParts } from "./segment.ts";
import { drawSparkline } from "./sparkline.ts";

export type UsageInput = Pick<Histories, "usage" | "cpuHistory" | "memoryHistory">;
export type UsageOrder = "name" | "cpu" | "memory";
type Process = UsageEvent["processes"][number];

const NAME_COLUMNS = 19;
const HISTORY_COLUMNS = 10;
const CPU_COLUMNS = 5;
const MEMORY_COLUMNS = 10;
const GAP_COLUMNS = 3;
const ENTRY_COLUMNS =
  NAME_COLUMNS + 1 + HISTORY_COLUMNS + CPU_COLUMNS + 1 + HISTORY_COLUMNS + MEMORY_COLUMNS + GAP_COLUMNS;

/** How many rows it would fill: the machine's, and one for each line of processes. */
export const countUsageRows = ({ usage }: Pick<UsageInput, "usage">, columns: number): number =>
  usage === null ? 0 : 1 + Math.ceil(usage.processes.length / entriesPerRow(columns));

export function drawUsage(input: UsageInput, order: UsageOrder, size: ChartSize): readonly ChartRow[] {
  const { usage } = input;
  if (usage === null)
    return fitRows(
      [
        [
          { text: "usage", bold: true },
          { text: "  nothing yet", dim: true },
        ],
      ],
      size,
    );
  const perRow = entriesPerRow(size.columns);
  const sorted = sortProcesses(usage.processes, order);
  const shown = sorted.slice(0, Math.max(0, size.rows - 1) * perRow);
  const hidden = sorted.length - shown.length;
  const summary = joinParts(
    [
      [{ text: "usage", bold: true }, { text: ` by ${order}` }],
      [
        {
          text: `machine CPU ${Math.round(usage.machine.cpuPercent)}%, memory ${Math.round(usage.machine.memoryPercent)}%`,
        },
      ],
      ...(hidden === 0 ? [] : [[{ text: `${formatCount(hidden)} more not shown`, dim: true }]]),
    ],
    size.columns,
  );
  const entries = shown.map((process) => drawEntry(process, input, size));
  const rows = Array.from({ length: Math.ceil(entries.length / perRow) }, (_, row) =>
    entries.slice(row * perRow, (row + 1) * perRow).flat(),
  );
  return fitRows([summary, ...rows], size);
}

const entriesPerRow = (columns: number): number => Math.max(1, Math.floor((columns + GAP_COLUMNS) / ENTRY_COLUMNS));

function drawEntry(process: Process, { cpuHistory, memoryHistory }: UsageInput, { glyphs }: ChartSize): ChartRow {
  const { name, cpuPercent, rssBytes } = process;
  const history = { columns: HISTORY_COLUMNS, rows: 1, glyphs };
  // A core that is full fills the cell; who takes more than one is scaled by itself.
  const cpu = cpuHistory[name] ?? [];
  const cpuMax = Math.max(100, ...cpu.slice(-HISTORY_COLUMNS));
  return [
    { text: `${fitColumns(cleanText(name), NAME_COLUMNS)} ` },
    ...(drawSparkline({ values: cpu, max: cpuMax, color: "accent" }, history)[0] ?? []),
    { text: `${`${Math.round(cpuPercent)}%`.padStart(CPU_COLUMNS)} ` },
    ...(drawSparkline({ values: memoryHistory[name] ?? [], color: "muted" }, history)[0] ?? []),
    { text: `${formatMebibytes(rssBytes).padStart(MEMORY_COLUMNS)}${" ".repeat(GAP_COLUMNS)}` },
  ];
}

function sortProcesses(processes: readonly Process[], order: UsageOrder): readonly Process[] {
  switch (order) {
    case "name":
      return processes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    case "cpu":
      return processes.toSorted((a, b) => b.cpuPercent - a.cpuPercent);
    case "memory":
      return processes.toSorted((a, b) => b.rssBytes - a.rssBytes);
    default:
      return unreachable(order);
  }
}
