import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import type { ResourceEvent } from "../snapshot/event-text.ts";
import { fitText, formatBar, formatCount, formatMebibytes, formatPartitions, formatRate } from "../snapshot/format.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { GRID_CELL_COLUMNS, type Layout } from "./layout.ts";
import { type Palette, Row, Title } from "./row.tsx";

export interface TaskManagersProps {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly layout: Layout["taskManagers"];
  readonly palette: Palette;
}

type Member = ProgressEvent["taskManagers"][number];
interface TaskManagerView {
  readonly name: string;
  readonly state: ResourceEvent["state"];
  /** Null until it has reported. */
  readonly member: Member | null;
}

/** How much each TaskManager processed: in a roomy terminal a table, else a grid of counts. */
export function TaskManagersPanel({ snapshot, columns, layout, palette }: TaskManagersProps) {
  if (layout.rows === 0) return null;
  const views = listTaskManagerViews(snapshot);
  const running = views.filter((view) => view.state === "running").length;
  const idle = views.filter(isIdle).length;
  const detail = `${running} of ${views.length} running, ${idle === 0 ? "" : `${idle} idle, `}processed by each`;
  const title = <Title name="TASKMANAGERS" detail={detail} columns={columns} />;
  return (
    <>
      {title}
      {layout.form === "table"
        ? views
            .slice(0, layout.rows - 1)
            .map((view) => <TableRow key={view.name} view={view} views={views} palette={palette} />)
        : Array.from({ length: layout.rows - 1 }, (_, row) => (
            <GridRow
              // biome-ignore lint/suspicious/noArrayIndexKey: a row of the grid is its place.
              key={row}
              views={views.slice(row * layout.gridColumns, (row + 1) * layout.gridColumns)}
              palette={palette}
            />
          ))}
    </>
  );
}

export function listTaskManagerViews(snapshot: Snapshot): readonly TaskManagerView[] {
  const members = new Map(snapshot.progress?.taskManagers.map((member) => [member.name, member]));
  return snapshot.resources
    .filter((resource) => resource.kind === "taskmanager")
    .map(({ name, state }) => ({ name, state, member: members.get(name) ?? null }));
}

function TableRow({
  view,
  views,
  palette,
}: {
  view: TaskManagerView;
  views: readonly TaskManagerView[];
  palette: Palette;
}) {
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
  return (
    <Row
      cells={[
        { text: fitText(view.name, 17) },
        { text: fitText(view.state, 11), ...stateStyle(view, palette) },
        { text: facts },
      ]}
    />
  );
}

/** Each cell: number, count, and a mark when it is not running. */
function GridRow({ views, palette }: { views: readonly TaskManagerView[]; palette: Palette }) {
  return (
    <Row
      cells={views.map((view) => {
        const number = view.name.replace(/^.*-/, "");
        const isUnused = isIdle(view) && view.member?.processed === 0;
        const count = (isUnused ? "idle" : formatCount(view.member?.processed ?? null)).padStart(13);
        const mark = view.state === "running" ? " " : "!";
        return {
          text: fitText(`${number.padStart(3)} ${count} ${mark}`, GRID_CELL_COLUMNS),
          ...stateStyle(view, palette),
        };
      })}
    />
  );
}

/** It runs and owns no partition: there are fewer partitions than TaskManagers. */
const isIdle = ({ state, member }: TaskManagerView): boolean =>
  state === "running" && member !== null && member.partitions.length === 0;

const stateStyle = (view: TaskManagerView, palette: Palette) =>
  view.state === "running" ? {} : { color: palette.warn };
