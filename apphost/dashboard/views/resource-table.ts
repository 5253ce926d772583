/** The table of resources, in Overview and in Resources: the same rows, with as many columns as there is room for. Pure. */

import { formatCount, formatMebibytes, formatRate } from "../../snapshot/format.ts";
import { fitColumns, type Glyphs, type PaletteColor, type Segment } from "../charts/segment.ts";
import { measureWidth, type Row, windowOf } from "../rows.ts";
import { indexOfSelected, listResourceItems, type ResourceItem } from "../state/resource-items.ts";
import type { Sort } from "../state/view-state.ts";
import { drawHeat, listTaskManagerViews, type TaskManagerView } from "./task-managers.ts";
import { colored, LEVEL_COLORS, type ViewProps } from "./view-props.ts";

/** So that trouble is seen without colour. */
const MARKS = { info: " ", warn: "!", error: "X" } as const;
const WIDE_COLUMNS_MIN = 120;
const MEDIUM_COLUMNS_MIN = 95;
const SMALL_COLUMNS_MIN = 75;

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
export function drawResourceTable(props: ViewProps, rows: number): readonly Row[] {
  const { snapshot, state, columns } = props;
  const items = listResourceItems(snapshot, state);
  const selected = indexOfSelected(items, state.selected);
  const { from, to } = windowOf(items.length, rows - 1, selected);
  const sorted = SORTED[state.sort];
  const titles = { ...TITLES, [sorted]: `${TITLES[sorted]}*` };
  const taskManagers = listTaskManagerViews(snapshot);
  return [
    [{ text: `  ${formatStart(titles, columns)} ${formatEnd(titles, columns)}`, dim: true }],
    ...items.slice(from, to).map((item, index) => drawItem(item, from + index === selected, taskManagers, props)),
  ];
}

/** The heat of a group stays as it is where its row is selected: an inverse block is another height. */
function drawItem(
  item: ResourceItem,
  isSelected: boolean,
  taskManagers: readonly TaskManagerView[],
  { columns, glyphs }: ViewProps,
): Row {
  const { level, kind } = item;
  const cells = readCells(item);
  const style = {
    bold: isSelected || level === "error",
    ...(isSelected ? { inverse: true } : {}),
    ...colored(LEVEL_COLORS[level]),
  };
  const start: Row = [{ text: `${isSelected ? ">" : " "}${MARKS[level]}${formatStart(cells, columns)} `, ...style }];
  const left = columns - measureWidth(start);
  if (kind === "group") return [...start, ...drawGroupHeat(taskManagers, left, glyphs)];
  const end = formatEnd(cells, columns);
  return [...start, { text: isSelected ? fitColumns(end, Math.max(0, left)) : end, ...style }];
}

/** A column for each, or for several in a row: then it is that of the one with the least. */
function drawGroupHeat(views: readonly TaskManagerView[], columns: number, glyphs: Glyphs): Row {
  if (columns <= 0) return [];
  const perColumn = Math.max(1, Math.ceil(views.length / columns));
  const groups = Array.from({ length: Math.ceil(views.length / perColumn) }, (_, index) =>
    views.slice(index * perColumn, (index + 1) * perColumn),
  );
  return joinSameColors(groups.map((group) => drawHeat(group.reduce(slowerOf), glyphs)));
}

const slowerOf = (a: TaskManagerView, b: TaskManagerView): TaskManagerView => (paceOf(b) < paceOf(a) ? b : a);

/** One that does not run comes before the slowest, and one that has nothing to do is no slow one. */
const paceOf = ({ state, load }: TaskManagerView): number => {
  if (state !== "running") return -1;
  return load === null || load.ofMedian === null || load.mark === "idle" ? Number.POSITIVE_INFINITY : load.ofMedian;
};

function joinSameColors(cells: readonly Segment<PaletteColor>[]): Row {
  const row: Segment<PaletteColor>[] = [];
  for (const cell of cells) {
    const last = row.at(-1);
    if (last !== undefined && last.color === cell.color) row[row.length - 1] = { ...last, text: last.text + cell.text };
    else row.push(cell);
  }
  return row;
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
    const state = `${running}/${resources.length} running`;
    return { ...common, name: "taskmanagers", state, pid: "", endpoint: "", reason: "" };
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

/** What all have. In 80 columns 27 are left for the endpoint or, more important, the reason; below 75, 18. */
const formatStart = (cells: Cells, columns: number): string =>
  [
    fitColumns(cells.name, 19),
    fitColumns(cells.state, 13),
    fitColumns(cells.cpu, columns >= SMALL_COLUMNS_MIN ? 5 : 4, "right"),
    ...(columns >= SMALL_COLUMNS_MIN ? [fitColumns(cells.memory, 7, "right")] : []),
    ...(columns >= MEDIUM_COLUMNS_MIN ? [fitColumns(cells.rate, 11, "right")] : []),
    ...(columns >= WIDE_COLUMNS_MIN ? [fitColumns(cells.lag, 9, "right")] : []),
    ...(columns >= SMALL_COLUMNS_MIN ? [fitColumns(cells.restarts, 4, "right")] : []),
  ].join(" ");

function formatEnd({ reason, endpoint, pid }: Cells, columns: number): string {
  if (columns < WIDE_COLUMNS_MIN) return reason === "" ? endpoint : reason;
  return `${fitColumns(pid, 8)} ${fitColumns(endpoint, 22)} ${reason}`;
}
