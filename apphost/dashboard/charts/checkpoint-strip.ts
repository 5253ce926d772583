/** The recent checkpoints, one a column, as high as they took long; the newest at the right. Pure. */
import { formatCheckpointId } from "../../../simulator/common/contract/files/checkpoint.ts";
import { formatAmount, formatCompact, formatDuration } from "../../snapshot/format.ts";
import type { CheckpointPoint } from "../../snapshot/histories.ts";
import { type Cell, type ChartRow, type ChartSize, fitRows, joinCells, joinParts } from "./segment.ts";
import { drawSparkline } from "./sparkline.ts";

const FAILED = { unicode: "✗", ascii: "x" } as const;
const STRIP_ROWS_MAX = 4;
const NEWEST = "newest";

/** Rows in the order of need: the newest in words, the strip, then how old its two ends are. */
export function drawCheckpointStrip(
  checkpoints: readonly CheckpointPoint[],
  nowUs: number,
  size: ChartSize,
): readonly ChartRow[] {
  if (size.rows <= 0) return [];
  const summary = drawSummary(checkpoints, nowUs, size.columns);
  if (size.rows === 1 || checkpoints.length === 0) return fitRows([summary], size);
  const shown = checkpoints.slice(-Math.max(1, size.columns));
  const hasAges = size.rows >= 3;
  const stripRows = Math.min(STRIP_ROWS_MAX, size.rows - (hasAges ? 2 : 1));
  return fitRows(
    [
      summary,
      ...drawStrip(shown, { ...size, columns: shown.length, rows: stripRows }),
      ...(hasAges ? [drawAges(shown, nowUs, size.columns)] : []),
    ],
    size,
  );
}

function drawSummary(checkpoints: readonly CheckpointPoint[], nowUs: number, columns: number): ChartRow {
  const title: ChartRow = [{ text: "checkpoints", bold: true }];
  const failed = checkpoints.filter(({ status }) => status === "failed").length;
  const last = checkpoints.findLast(({ status }) => status === "completed");
  const newest = checkpoints.at(-1);
  const parts: ChartRow[] = [title];
  if (newest === undefined) parts.push([{ text: "nothing yet", dim: true }]);
  if (newest?.status === "failed") {
    parts.push([{ text: `${formatCheckpointId(newest.id)} failed ${formatAge(newest, nowUs)} ago`, color: "bad" }]);
  }
  if (last !== undefined) {
    parts.push(
      [{ text: `${formatCheckpointId(last.id)} completed ${formatAge(last, nowUs)} ago` }],
      [{ text: `took ${formatDuration(last.durationMs)}` }],
      [{ text: `total ${formatCompact(last.total)}` }],
    );
  }
  if (failed > 0)
    parts.push([{ text: `${failed} of ${formatAmount(checkpoints.length, "recent one")} failed`, color: "bad" }]);
  return joinParts(parts, columns);
}

/** A failed one has a mark on the ground: how long it took until it failed says nothing. */
function drawStrip(checkpoints: readonly CheckpointPoint[], size: ChartSize): readonly ChartRow[] {
  const values = checkpoints.map(({ status, durationMs }) => (status === "failed" ? null : durationMs));
  const rows = drawSparkline({ values, color: "good" }, size);
  const ground = (rows.at(-1) ?? []).map(({ text }) => text).join("");
  const cells = checkpoints.map(
    ({ status }, column): Cell =>
      status === "failed"
        ? { glyph: FAILED[size.glyphs], color: "bad" }
        : { glyph: ground.charAt(column), color: "good" },
  );
  return [...rows.slice(0, -1), joinCells(cells)];
}

function drawAges(checkpoints: readonly CheckpointPoint[], nowUs: number, columns: number): ChartRow {
  const [oldest] = checkpoints;
  if (oldest === undefined) return [];
  const slowest = Math.max(...checkpoints.map(({ status, durationMs }) => (status === "failed" ? 0 : durationMs)));
  const start = `${formatAge(oldest, nowUs)} ago`;
  const gap = checkpoints.length - start.length - NEWEST.length;
  return joinParts(
    [
      [{ text: gap >= 2 ? start + " ".repeat(gap) + NEWEST : start, color: "muted" }],
      [{ text: `highest ${formatDuration(slowest)}`, color: "muted" }],
    ],
    columns,
  );
}

const formatAge = ({ atUs }: CheckpointPoint, nowUs: number): string => formatDuration((nowUs - atUs) / 1_000);
