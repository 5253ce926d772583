import type { ProgressEvent } from "../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../simulator/common/contract/files/checkpoint.ts";
import { formatBar, formatCount, formatMs, formatRate } from "../snapshot/format.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { type Palette, Row, Title } from "./row.tsx";

export interface FlowProps {
  readonly snapshot: Snapshot;
  readonly columns: number;
  readonly rows: number;
  readonly palette: Palette;
}

/** What goes in, what comes out, how far behind, how safe. */
export function FlowPanel({ snapshot, columns, rows, palette }: FlowProps) {
  const { progress } = snapshot;
  if (rows === 0) return null;
  if (progress === null) return <Title name="FLOW" detail="no message yet" columns={columns} />;
  const lines = [
    <Title
      key="title"
      name="FLOW"
      detail={`${progress.round === 0 ? "no round yet" : `round ${progress.round}`}${trendOf(snapshot, columns)}`}
      columns={columns}
    />,
    <FlowRow
      key="in"
      name={progress.round === 0 && progress.requested > 0 ? "in topic" : "produced"}
      done={progress.produced}
      rate={progress.producedPerSecond}
      progress={progress}
      columns={columns}
      palette={palette}
    />,
    <FlowRow
      key="out"
      name="processed"
      done={progress.processed}
      rate={progress.processedPerSecond}
      progress={progress}
      columns={columns}
      palette={palette}
    />,
    <Row key="facts" cells={factCells(snapshot, progress, palette)} />,
  ];
  return <>{lines.slice(0, rows)}</>;
}

interface FlowRowProps {
  readonly name: string;
  readonly done: number;
  readonly rate: number;
  readonly progress: ProgressEvent;
  readonly columns: number;
  readonly palette: Palette;
}

/** name 10, count 14 + " of " + 14, bar, rate 14. */
function FlowRow({ name, done, rate, progress, columns, palette }: FlowRowProps) {
  const counts = `${formatCount(done).padStart(13)} of ${formatCount(progress.requested).padEnd(13)}`;
  const barColumns = Math.max(4, Math.min(60, columns - 10 - counts.length - 18));
  const share = progress.requested === 0 ? 0 : done / progress.requested;
  return (
    <Row
      cells={[
        { text: name.padEnd(10) },
        { text: counts, bold: true },
        { text: ` [${formatBar(share, barColumns)}] `, color: palette.accent },
        { text: formatRate(rate).padStart(13), bold: true },
      ]}
    />
  );
}

function factCells(snapshot: Snapshot, progress: ProgressEvent, palette: Palette) {
  const { checkpoint, checkpointsFailed } = snapshot;
  const facts = [
    `lag ${formatCount(progress.lag)}`,
    `p50 ${formatMs(progress.latencyMs.p50)}`,
    `p99 ${formatMs(progress.latencyMs.p99)}`,
    checkpoint === null
      ? "no checkpoint"
      : `chk ${formatCheckpointId(checkpoint.id)} ${formatMs(checkpoint.durationMs)}`,
  ];
  const troubles = [
    progress.rejected > 0 ? `rejected ${formatCount(progress.rejected)}` : "",
    checkpointsFailed > 0 ? `chk failed ${formatCount(checkpointsFailed)}` : "",
    snapshot.faults > 0 ? `faults ${formatCount(snapshot.faults)}` : "",
  ].filter((text) => text !== "");
  return [
    { text: facts.join("  ") },
    ...(troubles.length === 0 ? [] : [{ text: `  ! ${troubles.join("  ")}`, color: palette.warn }]),
  ];
}

const LEVELS = " .:-=+*#";

/** The last rates as characters, from none (blank) to the highest seen (#); one per second. */
function trendOf(snapshot: Snapshot, columns: number): string {
  const points = snapshot.history.slice(-Math.max(0, Math.min(60, columns - 50)));
  const rates = points.map(({ processedPerSecond }) => processedPerSecond);
  const max = Math.max(...rates, 1);
  const trend = rates.map((rate) => LEVELS[Math.ceil((rate / max) * (LEVELS.length - 1))]).join("");
  return trend === "" ? "" : ` ─ rate [${trend}] max ${formatRate(max)}`;
}
