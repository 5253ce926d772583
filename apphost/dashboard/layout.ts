/**
 * Which panel gets how many rows. Pure. The sum is never more than the terminal has: a frame taller than the screen is
 * redrawn as a whole each time, which flickers.
 *
 * Rows are given in the order of what a person needs: header and footer, verdict, resources, flow, TaskManagers, events.
 */
export interface LayoutInput {
  readonly columns: number;
  readonly rows: number;
  readonly resourceLines: number;
  readonly taskManagers: number;
  /** Lines the verdict wants; 0 while there is none. */
  readonly verdictLines: number;
}

export interface Layout {
  readonly header: number;
  readonly resources: number;
  readonly flow: number;
  readonly taskManagers: { readonly form: "table" | "grid"; readonly rows: number; readonly gridColumns: number };
  readonly events: number;
  readonly verdict: number;
  readonly footer: number;
}

const HEADER_ROWS = 2;
const FOOTER_ROWS = 1;
const FLOW_ROWS = 4;
/** With less than this left for events, the TaskManagers are a grid. */
const EVENTS_ROWS_COMFORTABLE = 6;
const TABLE_COLUMNS_MIN = 100;
export const GRID_CELL_COLUMNS = 20;

export function planLayout(input: LayoutInput): Layout {
  let left = Math.max(0, input.rows);
  const take = (wanted: number): number => {
    const rows = Math.max(0, Math.min(wanted, left));
    left -= rows;
    return rows;
  };
  const header = take(HEADER_ROWS);
  const footer = take(FOOTER_ROWS);
  const verdict = take(input.verdictLines);
  const resources = take(input.resourceLines === 0 ? 0 : input.resourceLines + 1);
  const flow = take(FLOW_ROWS);
  const gridColumns = Math.max(1, Math.floor(input.columns / GRID_CELL_COLUMNS));
  const tableRows = input.taskManagers + 1;
  const isTable = input.columns >= TABLE_COLUMNS_MIN && left >= tableRows + EVENTS_ROWS_COMFORTABLE;
  const wanted = isTable ? tableRows : Math.ceil(input.taskManagers / gridColumns) + 1;
  const taskManagers = take(input.taskManagers === 0 ? 0 : wanted);
  return {
    header,
    resources,
    flow,
    taskManagers: { form: isTable ? "table" : "grid", rows: taskManagers, gridColumns },
    events: take(left),
    verdict,
    footer,
  };
}
