/**
 * Which part of the Overview gets how many rows. Pure.
 *
 * L1 The sum is exactly what there is: a frame taller than the screen is redrawn as a whole each time, which flickers.
 * L2 Rows are given in the order of what a person needs: the conclusion, where the figures come from, resources, flow,
 *    TaskManagers, events, charts.
 * L3 What has no room is named in a last row, and where it is found.
 * L4 In a wide terminal there are two sides: left who works, right how fast.
 */
import { SIDES_GAP_COLUMNS } from "../rows.ts";

export interface LayoutInput {
  readonly columns: number;
  readonly rows: number;
  /** Lines of the verdict or of the validation; 0 while there is neither. */
  readonly conclusionLines: number;
  readonly resourceLines: number;
  readonly flowLines: number;
  readonly taskManagers: number;
  /** What one of them takes in a grid. */
  readonly cellColumns: number;
}

export interface TaskManagersLayout {
  readonly form: "table" | "grid";
  readonly rows: number;
  readonly gridColumns: number;
}

export interface Layout {
  readonly leftColumns: number;
  /** 0: there is one side, and all parts are below each other. */
  readonly rightColumns: number;
  /** Over both sides. */
  readonly infrastructure: number;
  readonly conclusion: number;
  readonly leftOut: number;
  readonly resources: number;
  readonly flow: number;
  readonly taskManagers: TaskManagersLayout;
  readonly events: number;
  readonly charts: number;
}

const SIDES_COLUMNS_MIN = 160;
const SIDES_ROWS_MIN = 24;
const TABLE_COLUMNS_MIN = 95;
/** With less than this left for events, the TaskManagers are a grid. */
const EVENTS_ROWS_COMFORTABLE = 6;
const EVENTS_SHARE = 0.4;
const CHARTS_ROWS_MIN = 8;
const CHARTS_ROWS_MAX = 24;
/** Where rows are few, the flow must still be seen below the resources. */
const RESOURCES_SHARE_MAX = 0.5;
const RESOURCES_ROWS_MIN = 3;
/** With fewer, each row is needed for what there is. */
const LEFT_OUT_ROWS_MIN = 6;

export function planLayout(input: LayoutInput): Layout {
  const whole = planRows(input, input.rows);
  if (hasAll(whole, input) || input.rows < LEFT_OUT_ROWS_MIN) return whole;
  return { ...planRows(input, input.rows - 1), leftOut: 1 };
}

/** Events and charts are views of their own: where only they are missing, a row for them is not worth what it would push out. */
const hasAll = ({ resources, flow, taskManagers }: Layout, input: LayoutInput): boolean =>
  resources >= wantedResources(input) && flow >= input.flowLines && (taskManagers.rows > 0 || input.taskManagers === 0);

const wantedResources = ({ resourceLines }: LayoutInput): number => (resourceLines === 0 ? 0 : resourceLines + 1);

/** L1, L2 */
function planRows(input: LayoutInput, rows: number): Layout {
  const { columns, flowLines } = input;
  const isSplit = columns >= SIDES_COLUMNS_MIN && rows >= SIDES_ROWS_MIN;
  const leftColumns = isSplit ? Math.floor((columns - SIDES_GAP_COLUMNS) / 2) : columns;
  let left = Math.max(0, rows);
  const take = (wanted: number): number => {
    const taken = Math.max(0, Math.min(wanted, left));
    left -= taken;
    return taken;
  };
  const conclusion = take(input.conclusionLines);
  const infrastructure = take(1);
  const sideRows = left;
  const wanted = wantedResources(input);
  const isTight = wanted + (isSplit ? 0 : flowLines) > left;
  const share = Math.max(RESOURCES_ROWS_MIN, Math.floor(left * RESOURCES_SHARE_MAX));
  const resources = take(isTight ? share : wanted);
  const flow = isSplit ? Math.min(flowLines, sideRows) : take(flowLines);
  const taskManagers = planTaskManagers(input, { columns: leftColumns, left, isSplit });
  left -= taskManagers.rows;
  const eventsMin = Math.max(EVENTS_ROWS_COMFORTABLE, Math.floor(left * EVENTS_SHARE));
  const chartsBelow = left - eventsMin >= CHARTS_ROWS_MIN ? take(Math.min(left - eventsMin, CHARTS_ROWS_MAX)) : 0;
  return {
    leftColumns,
    rightColumns: isSplit ? columns - leftColumns - SIDES_GAP_COLUMNS : 0,
    infrastructure,
    conclusion,
    leftOut: 0,
    resources,
    flow,
    taskManagers,
    charts: isSplit ? sideRows - flow : chartsBelow,
    events: left + (isSplit ? chartsBelow : 0),
  };
}

/** All of them, or none: which of them are missing would not be seen. */
function planTaskManagers(
  { taskManagers, cellColumns }: LayoutInput,
  { columns, left, isSplit }: { readonly columns: number; readonly left: number; readonly isSplit: boolean },
): TaskManagersLayout {
  const gridColumns = Math.max(1, Math.floor(columns / cellColumns));
  const below = EVENTS_ROWS_COMFORTABLE + (isSplit ? 0 : CHARTS_ROWS_MIN);
  const isTable = columns >= TABLE_COLUMNS_MIN && left >= taskManagers + 1 + below;
  const wanted = isTable ? taskManagers + 1 : Math.ceil(taskManagers / gridColumns) + 1;
  const rows = taskManagers === 0 || wanted > left ? 0 : wanted;
  return { form: isTable ? "table" : "grid", rows, gridColumns };
}
