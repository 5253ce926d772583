/** How much each TaskManager processed: in a roomy terminal a table, else a grid of counts. Pure. */

import type { ProgressEvent } from "../../../simulator/common/contract/events.ts";
import type { ResourceEvent } from "../../snapshot/event-text.ts";
import { formatBusy, formatCount, formatMebibytes, formatPartitions, formatRate } from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { drawBar } from "../charts/bar.ts";
import { MARKS } from "../charts/load-cells.ts";
import { fitColumns, type Glyphs, type PaletteColor, type Segment } from "../charts/segment.ts";
import { heatGlyph } from "../charts/sparkline.ts";
import { computeLoads, type TaskManagerLoad } from "../charts/task-manager-loads.ts";
import { measureWidth, type Row, titleRow } from "../rows.ts";
import type { TaskManagersLayout } from "./layout.ts";
import { listPresent } from "./live-figures.ts";
import type { ViewProps } from "./view-props.ts";

type Member = ProgressEvent["taskManagers"][number];

export interface TaskManagerView {
  readonly name: string;
  readonly state: ResourceEvent["state"];
  /** Null until it has reported. */
  readonly member: Member | null;
  /** Null where nobody measured it. */
  readonly rssBytes: number | null;
  /** Beside the others; null until it has reported. */
  readonly load: TaskManagerLoad | null;
}

const NAME_COLUMNS = 15;
const STATE_COLUMNS = 9;
const COUNT_COLUMNS = 14;
const RATE_COLUMNS = 13;
const MEMORY_COLUMNS = 9;
/** With the word for one that is not as the others. */
const PARTITIONS_COLUMNS = 16;
const BAR_COLUMNS_MAX = 30;
/** Number, heat and mark of a cell, with what is between them. */
const CELL_FRAME_COLUMNS = 8;
const IDLE = "idle";

export function drawTaskManagers({ snapshot, columns, glyphs }: ViewProps, layout: TaskManagersLayout): readonly Row[] {
  if (layout.rows === 0) return [];
  const views = listTaskManagerViews(snapshot);
  const running = views.filter((view) => view.state === "running").length;
  const idle = views.filter(isIdle).length;
  const detail = `${running} of ${views.length} running, ${idle === 0 ? "" : `${idle} idle, `}processed by each`;
  const title = titleRow("TASKMANAGERS", detail, columns, glyphs);
  if (layout.form === "table") {
    const max = Math.max(1, ...views.map(({ member }) => member?.processed ?? 0));
    return [title, ...views.map((view) => drawMember(view, max, { columns, glyphs }))];
  }
  const cellColumns = measureCell(views);
  const grid = Array.from({ length: layout.rows - 1 }, (_, row) =>
    views
      .slice(row * layout.gridColumns, (row + 1) * layout.gridColumns)
      .flatMap((view) => drawCell(view, cellColumns, glyphs)),
  );
  return [title, ...grid];
}

export function listTaskManagerViews(snapshot: Snapshot): readonly TaskManagerView[] {
  const { progress, resources } = snapshot;
  const members = new Map(progress?.taskManagers.map((member) => [member.name, member]));
  const loads = new Map(
    progress === null
      ? []
      : computeLoads({ progress, present: listPresent(snapshot) }).taskManagers.map((load) => [load.name, load]),
  );
  const ours = resources.filter((resource) => resource.kind === "taskmanager");
  return [...ours, ...listTheirs(progress, ours)].map(({ name, state }) => {
    const member = members.get(name) ?? null;
    const used = snapshot.usage?.processes.find((process) => process.name === name);
    const rssBytes = (member?.flink === undefined ? member?.rssBytes : used?.rssBytes) ?? null;
    return { name, state, member, rssBytes, load: loads.get(name) ?? null };
  });
}

/** Of a Flink that is not ours: no resources, and known by what that says of them alone. */
function listTheirs(
  progress: ProgressEvent | null,
  ours: readonly Pick<ResourceEvent, "name">[],
): readonly Pick<TaskManagerView, "name" | "state">[] {
  const names = new Set(ours.map(({ name }) => name));
  const theirs = progress?.taskManagers.filter(({ name, flink }) => flink !== undefined && !names.has(name)) ?? [];
  return theirs.map(({ name, perSecond }) => ({ name, state: perSecond === null ? "exited" : "running" }));
}

/** As wide as the largest count needs it, and the same for all. */
export const measureCell = (views: readonly TaskManagerView[]): number =>
  CELL_FRAME_COLUMNS +
  Math.max(IDLE.length, ...views.map(({ member }) => formatCount(member?.processed ?? null).length));

/**
 * How fast it is beside the others, in one column: a dot before it runs, the lowest glyph before there is a rate. Its end
 * is known a moment before the next figures are.
 */
export function drawHeat({ state, load }: TaskManagerView, glyphs: Glyphs): Segment<PaletteColor> {
  if (isGone(state)) return { text: MARKS.gone.sign, color: "bad" };
  if (state !== "running") return { text: ".", color: "muted" };
  if (load === null || load.ofMedian === null) return { text: heatGlyph(0, glyphs), color: "muted" };
  if (load.mark === "idle") return { text: MARKS.idle.sign, color: "muted" };
  return { text: heatGlyph(load.ofMedian, glyphs), color: load.mark === "even" ? "good" : MARKS[load.mark].color };
}

const isGone = (state: TaskManagerView["state"]): boolean => state === "exited" || state === "failedToStart";

function drawMember(
  view: TaskManagerView,
  max: number,
  { columns, glyphs }: Pick<ViewProps, "columns" | "glyphs">,
): Row {
  const { name, state, member, rssBytes, load } = view;
  const start: Row = [
    { text: `${fitColumns(name, NAME_COLUMNS)} ` },
    { text: fitColumns(state, STATE_COLUMNS), color: stateColor(view) },
    { text: " " },
    drawHeat(view, glyphs),
  ];
  if (member === null) return start;
  const figures = formatCount(member.processed).padStart(COUNT_COLUMNS);
  const rate = formatRate(state === "running" ? member.perSecond : null);
  const word = load === null ? "" : MARKS[load.mark].word;
  const end = `${rate.padStart(RATE_COLUMNS)}${(rssBytes === null ? "-" : formatMebibytes(rssBytes)).padStart(MEMORY_COLUMNS)}`;
  const barColumns = columns - measureWidth(start) - figures.length - 1 - end.length - PARTITIONS_COLUMNS;
  return [
    ...start,
    { text: `${figures} ` },
    ...drawBar(member.processed / max, { columns: Math.min(barColumns, BAR_COLUMNS_MAX), glyphs, color: "muted" }),
    { text: end },
    { text: isIdle(view) ? "" : describeShare(member) },
    { text: word === "" ? "" : `  ${word}`, color: "warn" },
  ];
}

/** Where nobody can tell the partitions, how busy it is in their place. */
function describeShare({ partitions, flink }: Member): string {
  if (partitions !== null) return `  p ${formatPartitions(partitions)}`;
  return flink === undefined ? "" : `  ${formatBusy(flink)}`;
}

/** Number, heat, count, and a mark when it is not as the others. */
function drawCell(view: TaskManagerView, columns: number, glyphs: Glyphs): Row {
  const { name, state, member, load } = view;
  const isUnused = isIdle(view) && member?.processed === 0;
  const count = isUnused ? IDLE : formatCount(member?.processed ?? null);
  const sign = isGone(state) ? MARKS.gone.sign : MARKS[load?.mark ?? "even"].sign;
  const color = stateColor(view);
  return [
    { text: `${name.replace(/^.*-/, "").padStart(3)} `, color },
    drawHeat(view, glyphs),
    { text: `${` ${count}`.padStart(columns - 6)}${sign} `, color },
  ];
}

/** It runs and owns no partition: there are fewer partitions than TaskManagers. */
const isIdle = ({ state, member }: TaskManagerView): boolean =>
  state === "running" && member !== null && member.partitions?.length === 0;

const stateColor = ({ state }: TaskManagerView): PaletteColor | undefined => (state === "running" ? undefined : "warn");
