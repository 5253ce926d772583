/** What goes in, what comes out, how far behind, how safe. Pure. */

import type { ProgressEvent } from "../../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../../simulator/common/contract/files/checkpoint.ts";
import { formatBar, formatCount, formatMs, formatRate } from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { type Row, titleRow } from "../rows.ts";
import type { ViewProps } from "./view-props.ts";

export const FLOW_ROWS = 4;

export function drawFlow({ snapshot, columns, glyphs }: ViewProps): readonly Row[] {
  const { progress } = snapshot;
  if (progress === null) return [titleRow("FLOW", "no message yet", columns, glyphs)];
  const round = progress.round === 0 ? "no round yet" : `round ${progress.round}`;
  return [
    titleRow("FLOW", `${round}${describeRemaining(snapshot, progress)}`, columns, glyphs),
    drawCounts(
      {
        name: progress.round === 0 && progress.requested > 0 ? "in topic" : "produced",
        done: progress.produced,
        rate: progress.producedPerSecond,
      },
      progress,
      columns,
    ),
    drawCounts({ name: "processed", done: progress.processed, rate: progress.processedPerSecond }, progress, columns),
    drawFacts(snapshot, progress),
  ];
}

/** By the rate of the last seconds: one second alone jumps. */
function describeRemaining({ history, phase }: Snapshot, { requested, processed }: ProgressEvent): string {
  const left = requested - processed;
  if (left <= 0 || (phase !== "producing" && phase !== "draining")) return "";
  const recent = history.slice(-REMAINING_POINTS);
  const rate = recent.reduce((sum, { processedPerSecond }) => sum + processedPerSecond, 0) / Math.max(1, recent.length);
  if (rate <= 0) return "";
  const seconds = Math.ceil(left / rate);
  return `, ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`} left at this rate`;
}
const REMAINING_POINTS = 5;

interface Counts {
  readonly name: string;
  readonly done: number;
  readonly rate: number;
}

/** name 10, count 14 + " of " + 14, bar, rate 14. */
function drawCounts({ name, done, rate }: Counts, { requested }: ProgressEvent, columns: number): Row {
  const counts = `${formatCount(done).padStart(13)} of ${formatCount(requested).padEnd(13)}`;
  const barColumns = Math.max(4, Math.min(60, columns - 10 - counts.length - 18));
  return [
    { text: name.padEnd(10) },
    { text: counts, bold: true },
    { text: ` [${formatBar(requested === 0 ? 0 : done / requested, barColumns)}] `, color: "accent" },
    { text: formatRate(rate).padStart(13), bold: true },
  ];
}

function drawFacts({ checkpoint, checkpointsFailed, faults }: Snapshot, progress: ProgressEvent): Row {
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
    faults > 0 ? `faults ${formatCount(faults)}` : "",
  ].filter((text) => text !== "");
  return [
    { text: facts.join("  ") },
    ...(troubles.length === 0 ? [] : [{ text: `  ! ${troubles.join("  ")}`, color: "warn" }]),
  ];
}
