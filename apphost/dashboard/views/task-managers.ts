/** How much each TaskManager processed: in a roomy terminal a table, else a grid of counts. Pure. */

import type { ProgressEvent } from "../../../simulator/common/contract/events.ts";
import type { ResourceEvent } from "../../snapshot/event-text.ts";
import {
  fitText,
  formatBar,
  formatCount,
  formatMebibytes,
  formatPartitions,
  formatRate,
} from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { type Row, titleRow } from "../rows.ts";
import { GRID_CELL_COLUMNS, type Layout } from "./layout.ts";
import { colored, type ViewProps } from "./view-props.ts";

type Member = ProgressEvent["taskManagers"][number];

interface TaskManagerView {
  readonly name: string;
  readonly state: ResourceEvent["state"];
  /** Null until it has reported. */
  readonly member: Member | null;
}

export function drawTaskManagers(
  { snapshot, columns, glyphs }: ViewProps,
  layout: Layout["taskManagers"],
): readonly Row[] {
  if (layout.rows === 0) return [];
  const views = listTaskManagerViews(snapshot);
  const running = views.filter((view) => view.state === "running").length;
  const idle = views.filter(isIdle).length;
  const detail = `${running} of ${views.length} running, ${idle === 0 ? "" : `${idle} idle, `}processed by each`;
  const title = titleRow("TASKMANAGERS", detail, columns, glyphs);
  if (layout.form === "table") return [title, ...views.map((view) => drawMember(view, views))];
  const grid = Array.from({ length: layout.rows - 1 }, (_, row) =>
    views.slice(row * layout.gridColumns, (row + 1) * layout.gridColumns).map(drawCell),
  );
  return [title, ...grid];
}

export function listTaskManagerViews(snapshot: Snapshot): readonly TaskManagerView[] {
  const members = new Map(snapshot.progress?.taskManagers.map((member) => [member.name, member]));
  return snapshot.resources
    .filter((resource) => resource.kind === "taskmanager")
    .map(({ name, state }) => ({ name, state, member: members.get(name) ?? null }));
}

function drawMember(view: TaskManagerView, views: readonly TaskManagerView[]): Row {
  const { member } = view;
  // Its end is known a moment before the next figures are.
  const rate = view.state === "running" ? (member?.perSecond ?? null) : null;
  const max = Math.max(1, ...views.map((other) => other.member?.processed ?? 0));
  const facts =
    member === null
      ? ""
      : [
          formatCount(member.processed).padStart(15),
          formatRate(rate).padStart(13),
          ` [${formatBar(member.processed / max, 20)}]`,
          `${formatCount(member.cpuMs)} ms cpu`.padStart(14),
          formatMebibytes(member.rssBytes).padStart(9),
          isIdle(view) ? "  idle" : `  partitions ${formatPartitions(member.partitions)}`,
        ].join("");
  return [
    { text: fitText(view.name, 17) },
    { text: fitText(view.state, 11), ...colored(stateColor(view)) },
    { text: facts },
  ];
}

/** Number, count, and a mark when it is not running. */
function drawCell(view: TaskManagerView) {
  const number = view.name.replace(/^.*-/, "");
  const isUnused = isIdle(view) && view.member?.processed === 0;
  const count = (isUnused ? "idle" : formatCount(view.member?.processed ?? null)).padStart(13);
  const mark = view.state === "running" ? " " : "!";
  return { text: fitText(`${number.padStart(3)} ${count} ${mark}`, GRID_CELL_COLUMNS), ...colored(stateColor(view)) };
}

/** It runs and owns no partition: there are fewer partitions than TaskManagers. */
const isIdle = ({ state, member }: TaskManagerView): boolean =>
  state === "running" && member !== null && member.partitions.length === 0;

const stateColor = ({ state }: TaskManagerView) => (state === "running" ? undefined : "warn");
