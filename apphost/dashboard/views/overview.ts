/** The first view: everything that matters, in the order in which a person needs it. Pure. */

import { describeInfrastructure } from "../../snapshot/event-text.ts";
import { type Row, takeRows } from "../rows.ts";
import { listResourceItems } from "../state/resource-items.ts";
import { drawProgressOfValidation } from "./checks.ts";
import { drawNewestEvents } from "./events.ts";
import { drawFlow, FLOW_ROWS } from "./flow.ts";
import { planLayout } from "./layout.ts";
import { drawResourceTable } from "./resource-table.ts";
import { drawTaskManagers, listTaskManagerViews } from "./task-managers.ts";
import { drawVerdict } from "./verdict.ts";
import type { ViewProps } from "./view-props.ts";

export function drawOverview(props: ViewProps): readonly Row[] {
  const { snapshot, state, columns, rows } = props;
  const conclusion = snapshot.verdict === null ? drawProgressOfValidation(props) : drawVerdict(snapshot.verdict);
  const layout = planLayout({
    columns,
    rows,
    resourceLines: listResourceItems(snapshot, state).length,
    taskManagers: listTaskManagerViews(snapshot).length,
    verdictLines: conclusion.length,
    flowLines: snapshot.progress === null ? 1 : FLOW_ROWS,
  });
  return [
    ...takeRows([drawInfrastructure(props)], layout.infrastructure),
    ...takeRows(drawResourceTable(props, layout.resources), layout.resources),
    ...takeRows(drawFlow(props), layout.flow),
    ...takeRows(drawTaskManagers(props, layout.taskManagers), layout.taskManagers.rows),
    ...takeRows(drawNewestEvents(props, layout.events), layout.events),
    ...takeRows(conclusion, layout.verdict),
  ];
}

/** No number means much without it. */
function drawInfrastructure({ snapshot: { infra } }: ViewProps): Row {
  if (infra === null) return [{ text: "infrastructure not known yet", dim: true }];
  const { kafka, redis } = infra;
  const withoutAof = { ...redis, aof: null };
  return [{ text: `kafka ${describeInfrastructure(kafka)}  redis ${describeInfrastructure(withoutAof)}` }];
}
