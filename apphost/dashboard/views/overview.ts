/** The first view: everything that matters, in the order in which a person needs it. Pure. */
import type { Infrastructure } from "../../../simulator/common/contract/files/report.ts";
import { describeInfrastructure } from "../../snapshot/event-text.ts";
import { formatAmount } from "../../snapshot/format.ts";
import { type ChartRow, joinParts } from "../charts/segment.ts";
import { joinSides, type Row, takeRows } from "../rows.ts";
import { listResourceItems } from "../state/resource-items.ts";
import { VIEWS, type View } from "../state/view-state.ts";
import { drawProgressOfValidation } from "./checks.ts";
import { drawNewestEvents } from "./events.ts";
import { drawFlow, FLOW_ROWS } from "./flow.ts";
import { type Layout, type LayoutInput, planLayout } from "./layout.ts";
import { drawLiveFigures } from "./live-figures.ts";
import { drawResourceTable } from "./resource-table.ts";
import { drawTaskManagers, listTaskManagerViews, measureCell } from "./task-managers.ts";
import { drawVerdict } from "./verdict.ts";
import type { ViewProps } from "./view-props.ts";

const CHARTS_BELOW = ["throughput", "lag", "latency"] as const;
/** The bars of the flow stand above them. */
const CHARTS_BESIDE = [...CHARTS_BELOW, "map", "checkpoints", "usage"] as const;

export function drawOverview(props: ViewProps): readonly Row[] {
  const { snapshot, state, columns, rows } = props;
  const conclusion =
    snapshot.verdict === null ? drawProgressOfValidation(props) : drawVerdict(snapshot.verdict, columns);
  const taskManagers = listTaskManagerViews(snapshot);
  const input: LayoutInput = {
    columns,
    rows,
    conclusionLines: conclusion.length,
    resourceLines: listResourceItems(snapshot, state).length,
    flowLines: snapshot.progress === null ? 1 : FLOW_ROWS,
    taskManagers: taskManagers.length,
    cellColumns: measureCell(taskManagers),
  };
  const layout = planLayout(input);
  return [
    ...takeRows([drawInfrastructure(props)], layout.infrastructure),
    ...drawSides(props, layout),
    ...takeRows([drawLeftOut(layout, input)], layout.leftOut),
    ...takeRows(conclusion, layout.conclusion),
  ];
}

function drawSides(props: ViewProps, layout: Layout): readonly Row[] {
  const left: ViewProps = { ...props, columns: layout.leftColumns };
  const who = [
    takeRows(drawResourceTable(left, layout.resources), layout.resources),
    takeRows(drawTaskManagers(left, layout.taskManagers), layout.taskManagers.rows),
    takeRows(drawNewestEvents(left, layout.events), layout.events),
  ] as const;
  const isSplit = layout.rightColumns > 0;
  const right: ViewProps = { ...props, columns: isSplit ? layout.rightColumns : layout.leftColumns };
  const flow = takeRows(drawFlow(right), layout.flow);
  const charts =
    layout.charts === 0
      ? []
      : drawLiveFigures({ ...right, rows: layout.charts }, isSplit ? CHARTS_BESIDE : CHARTS_BELOW);
  const [resources, taskManagers, events] = who;
  if (isSplit) return joinSides(who.flat(), [...flow, ...charts], layout.leftColumns);
  return [...resources, ...flow, ...charts, ...taskManagers, ...events];
}

/** L3 of `layout.ts`. */
function drawLeftOut({ resources, flow, taskManagers, events, charts }: Layout, input: LayoutInput): Row {
  const hidden = input.resourceLines - Math.max(0, resources - 1);
  const nameAt = (what: string, view: View): ChartRow => [{ text: `${what} (${VIEWS.indexOf(view) + 1})`, dim: true }];
  return joinParts(
    [
      [{ text: "no room for:", dim: true }],
      ...(hidden > 0 ? [nameAt(formatAmount(hidden, "resource"), "resources")] : []),
      ...(flow < input.flowLines ? [nameAt("flow", "metrics")] : []),
      ...(taskManagers.rows === 0 && input.taskManagers > 0 ? [nameAt("TaskManagers", "metrics")] : []),
      ...(events === 0 ? [nameAt("events", "events")] : []),
      ...(charts === 0 ? [nameAt("charts", "metrics")] : []),
    ],
    input.columns,
  );
}

/** No number means much without it. The version goes first where there is no room, and then the host of the address. */
function drawInfrastructure({ snapshot: { infra }, columns }: ViewProps): Row {
  if (infra === null) return [{ text: "infrastructure not known yet", dim: true }];
  const forms: readonly ((server: Infrastructure) => string)[] = [
    (server) => describeInfrastructure({ ...server, aof: null }),
    ({ mode, endpoint }) => `${mode} at ${endpoint}`,
    ({ mode, endpoint }) => `${mode} :${endpoint.slice(endpoint.lastIndexOf(":") + 1)}`,
  ];
  const lines = forms.map((describe) => `kafka ${describe(infra.kafka)}  redis ${describe(infra.redis)}`);
  return [{ text: lines.find((line) => line.length <= columns) ?? lines.at(-1) ?? "" }];
}
