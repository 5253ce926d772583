/** What goes in, what comes out, how far behind, how safe. Pure. */

import type { ProgressEvent } from "../../../simulator/common/contract/events.ts";
import { formatCheckpointId } from "../../../simulator/common/contract/files/checkpoint.ts";
import { formatCount, formatMs, formatRate } from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { drawBar, formatPercent } from "../charts/bar.ts";
import { joinParts, type PaletteColor } from "../charts/segment.ts";
import { measureWidth, type Row, titleRow } from "../rows.ts";
import type { ViewProps } from "./view-props.ts";

export const FLOW_ROWS = 4;
const NAME_COLUMNS = 10;
const PERCENT_COLUMNS = 5;
const RATE_COLUMNS = 13;
const BAR_COLUMNS_MIN = 4;

export function drawFlow({ snapshot, columns, glyphs }: ViewProps): readonly Row[] {
  const { progress } = snapshot;
  if (progress === null) return [titleRow("FLOW", "no message yet", columns, glyphs)];
  const { round, requested, produced, processed, producedPerSecond, processedPerSecond } = progress;
  const name = round === 0 && requested > 0 ? "in topic" : "produced";
  const detail = `${round === 0 ? "no round yet" : `round ${round}`}${describeRemaining(snapshot, progress)}`;
  const size = { requested, columns, glyphs };
  return [
    titleRow("FLOW", detail, columns, glyphs),
    drawCounts({ name, done: produced, rate: producedPerSecond, color: "accent" }, size),
    drawCounts({ name: "processed", done: processed, rate: processedPerSecond, color: "good" }, size),
    drawFacts(snapshot, progress, columns),
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
  readonly color: PaletteColor;
}

type Size = Pick<ViewProps, "columns" | "glyphs"> & { readonly requested: number };

/** The bar takes what the figures leave. */
function drawCounts({ name, done, rate, color }: Counts, { requested, columns, glyphs }: Size): Row {
  const total = formatCount(requested);
  const counts = `${formatCount(done).padStart(Math.max(total.length, formatCount(done).length))} of ${total} `;
  const others = NAME_COLUMNS + counts.length + PERCENT_COLUMNS + RATE_COLUMNS;
  const bar = { columns: Math.max(BAR_COLUMNS_MIN, columns - others), glyphs, color };
  return [
    { text: name.padEnd(NAME_COLUMNS) },
    { text: counts, bold: true },
    ...drawBar(requested === 0 ? 0 : done / requested, bar),
    { text: (requested === 0 ? "" : formatPercent({ done, total: requested })).padStart(PERCENT_COLUMNS) },
    { text: formatRate(rate).padStart(RATE_COLUMNS), bold: true },
  ];
}

/** What is wrong has its room first. */
function drawFacts({ checkpoint, checkpointsFailed, faults }: Snapshot, progress: ProgressEvent, columns: number): Row {
  const facts = [
    `lag ${formatCount(progress.lag)}`,
    `p50 ${formatMs(progress.latencyMs.p50)}`,
    `p99 ${formatMs(progress.latencyMs.p99)}`,
    checkpoint === null
      ? "no checkpoint"
      : `chk ${formatCheckpointId(checkpoint.id)} ${formatMs(checkpoint.durationMs)}`,
  ].map((text) => [{ text }]);
  const troubles = [
    progress.rejected > 0 ? `rejected ${formatCount(progress.rejected)}` : "",
    checkpointsFailed > 0 ? `chk failed ${formatCount(checkpointsFailed)}` : "",
    faults > 0 ? `faults ${formatCount(faults)}` : "",
  ].filter((text) => text !== "");
  const wrong: Row = troubles.length === 0 ? [] : [{ text: `  ! ${troubles.join("  ")}`, color: "warn" }];
  return [...joinParts(facts, columns - measureWidth(wrong)), ...wrong];
}
