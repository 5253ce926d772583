/** The table of resources, in Overview and in Resources: the same rows, with as many columns as there is room for. Pure. */

import { formatCount, formatMebibytes, formatRate } from "../../snapshot/format.ts";
import { fitColumns } from "../charts/segment.ts";
import { type Row, windowOf } from "../rows.ts";
import { indexOfSelected, listResourceItems, type ResourceItem } from "../state/resource-items.ts";
import type { Sort } from "../state/view-state.ts";
import { colored, LEVEL_COLORS, type ViewProps } from "./view-props.ts";

/** So that trouble is seen without colour. */
const MARKS = { info: " ", warn: "!", error: "X" } as const;
const WIDE_COLUMNS_MIN = 120;
const MEDIUM_COLUMNS_MIN = 95;

interface Cells {
  readonly name: string;
  readonly state: string;
  readonly cpu: string;
  readonly memory: string;
  readonly rate: string;
  readonly lag: string;
  readonly restarts: string;
  readonly pid: string;
  readonly endpoint: string;
  readonly reason: string;
}

const TITLES: Cells = {
  name: "RESOURCE",
  state: "STATE",
  cpu: "CPU",
  memory: "MEMORY",
  rate: "RATE",
  lag: "LAG",
  restarts: "RST",
  pid: "PID",
  endpoint: "ENDPOINT",
  reason: "",
};
const SORTED: Readonly<Record<Sort, keyof Cells>> = {
  name: "name",
  cpu: "cpu",
  memory: "memory",
  rate: "rate",
  lag: "lag",
};

/** `rows` are all that there are for it; the title is one of them. */
export function drawResourceTable({ snapshot, state, columns }: ViewProps, rows: number): readonly Row[] {
  const items = listResourceItems(snapshot, state);
  const selected = indexOfSelected(items, state.selected);
  const { from, to } = windowOf(items.length, rows - 1, selected);
  const sorted = SORTED[state.sort];
  const titles = { ...TITLES, [sorted]: `${TITLES[sorted]}*` };
  return [
    [{ text: `  ${formatCells(titles, columns)}`, dim: true }],
    ...items.slice(from, to).map((item, index) => drawItem(item, from + index === selected, columns)),
  ];
}

function drawItem(item: ResourceItem, isSelected: boolean, columns: number): Row {
  const { level } = item;
  return [
    { text: isSelected ? ">" : " ", bold: true, color: "accent" },
    {
      text: `${MARKS[level]}${formatCells(readCells(item), columns)}`,
      bold: isSelected || level === "error",
      ...colored(LEVEL_COLORS[level]),
    },
  ];
}

function readCells(item: ResourceItem): Cells {
  const { name, kind, resources, cpuPercent, rssBytes, perSecond, lag } = item;
  const figures = {
    cpu: cpuPercent === null ? "" : `${Math.round(cpuPercent)}%`,
    memory: rssBytes === null || rssBytes === 0 ? "" : formatMebibytes(rssBytes).replace(" MiB", "M"),
    rate: perSecond === null ? "" : formatRate(perSecond),
    lag: lag === null ? "" : formatCount(lag),
  };
  const restarts = resources.reduce((sum, resource) => sum + resource.restarts, 0);
  const common = { ...figures, restarts: restarts === 0 ? "" : formatCount(restarts) };
  const [resource] = resources;
  if (kind === "group" || resource === undefined) {
    const running = resources.filter(({ state }) => state === "running").length;
    const others = resources.length - running;
    const reason = others === 0 ? "" : `${others} not running`;
    return {
      ...common,
      name: "taskmanagers",
      state: `${running}/${resources.length} running`,
      pid: "",
      endpoint: "",
      reason,
    };
  }
  const isTelling = resource.state === "running" && resource.health === "unhealthy";
  return {
    ...common,
    name: kind === "member" ? ` ${name}` : name,
    state: isTelling ? "unhealthy" : resource.state,
    pid: resource.pid === null ? "" : String(resource.pid),
    endpoint: resource.endpoint ?? "",
    reason: resource.reason,
  };
}

/** In 80 columns: 2 + 20 + 14 + 5 + 8 + 4, and 27 for the endpoint or, more important, the reason. */
function formatCells(cells: Cells, columns: number): string {
  const start = [
    fitColumns(cells.name, 19),
    fitColumns(cells.state, 13),
    fitColumns(cells.cpu, 5, "right"),
    fitColumns(cells.memory, 7, "right"),
    ...(columns >= MEDIUM_COLUMNS_MIN ? [fitColumns(cells.rate, 11, "right")] : []),
    ...(columns >= WIDE_COLUMNS_MIN ? [fitColumns(cells.lag, 9, "right")] : []),
    fitColumns(cells.restarts, 4, "right"),
  ].join(" ");
  if (columns < WIDE_COLUMNS_MIN) return `${start} ${cells.reason === "" ? cells.endpoint : cells.reason}`;
  return `${start} ${fitColumns(cells.pid, 8)} ${fitColumns(cells.endpoint, 22)} ${cells.reason}`;
}
