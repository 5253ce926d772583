/**
 * Which part of the Overview gets how many rows. Pure. The sum is exactly what there is: a frame taller than the screen
 * is redrawn as a whole each time, which flickers.
 *
 * Rows are given in the order of what a person needs: the verdict, where the figures come from, resources, flow,
 * TaskManagers, events.
 */
export interface LayoutInput {
  readonly columns: number;
  readonly rows: number;
  readonly resourceLines: number;
  readonly taskManagers: number;
  /** Lines the verdict wants; 0 while there is none. */
  readonly verdictLines: number;
  readonly flowLines: number;
}

export interface Layout {
  readonly infrastructure: number;
  readonly resources: number;
  readonly flow: number;
  readonly taskManagers: { readonly form: "table" | "grid"; readonly rows: number; readonly gridColumns: number };
  readonly events: number;
  readonly verdict: number;
}

/** With less than this left for events, the TaskManagers are a grid. */
const EVENTS_ROWS_COMFORTABLE = 6;
const TABLE_COLUMNS_MIN = 100;
/** Where rows are few, the flow must still be seen below the resources. */
const RESOURCES_SHARE_MAX = 0.5;
export const GRID_CELL_COLUMNS = 20;

export function planLayout(input: LayoutInput): Layout {
  let left = Math.max(0, input.rows);
  const take = (wanted: number): number => {
    const rows = Math.max(0, Math.min(wanted, left));
    left -= rows;
    return rows;
  };
  const verdict = take(input.verdictLines);
  const infrastructure = take(1);
  const wantedResources = input.resourceLines === 0 ? 0 : input.resourceLines + 1;
  const isTight = wantedResources + input.flowLines > left;
  const resources = take(isTight ? Math.max(3, Math.floor(left * RESOURCES_SHARE_MAX)) : wantedResources);
  const flow = take(input.flowLines);
  const gridColumns = Math.max(1, Math.floor(input.columns / GRID_CELL_COLUMNS));
  const tableRows = input.taskManagers + 1;
  const isTable = input.columns >= TABLE_COLUMNS_MIN && left >= tableRows + EVENTS_ROWS_COMFORTABLE;
  const wanted = isTable ? tableRows : Math.ceil(input.taskManagers / gridColumns) + 1;
  const taskManagers = take(input.taskManagers === 0 ? 0 : wanted);
  return {
    infrastructure,
    resources,
    flow,
    taskManagers: { form: isTable ? "table" : "grid", rows: taskManagers, gridColumns },
    events: take(left),
    verdict,
  };
}
