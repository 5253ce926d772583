/**
 * The whole screen as rows. Pure.
 *
 * F1 It has exactly as many rows as the terminal, and no row is wider: one more would push the footer out, and Ink would
 *    redraw everything each time.
 * F2 A view that throws is replaced by what it said. The header, the footer and all keys go on, and so does the run.
 */

import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { describeError } from "../../../simulator/common/foundation/errors.ts";
import { METRICS_PARTS } from "../charts/metrics-screen.ts";
import { cutWidth, type Row, takeRows, textRow, titleRow, wrapText } from "../rows.ts";
import { placeOf } from "../state/selection.ts";
import { drawChecks } from "./checks.ts";
import { drawEvents } from "./events.ts";
import { drawFooter, drawMessage } from "./footer.ts";
import { drawHeader, HEADER_ROWS } from "./header.ts";
import { drawCompletions, drawHelp } from "./help.ts";
import { drawLiveFigures } from "./live-figures.ts";
import { drawOverview } from "./overview.ts";
import { drawResourceDetail } from "./resource-detail.ts";
import { drawResourceTable } from "./resource-table.ts";
import type { ViewProps } from "./view-props.ts";

const FOOTER_ROWS = 1;
const COMPLETIONS_MAX = 8;

/** What a view has for itself. */
export const bodyRows = (rows: number): number => Math.max(0, rows - HEADER_ROWS - FOOTER_ROWS);

export function drawFrame(props: ViewProps): readonly Row[] {
  const { state, columns, rows } = props;
  const header = takeRows(drawHeader(props), Math.min(HEADER_ROWS, Math.max(0, rows - FOOTER_ROWS)));
  const below = [...drawAbove(props), ...drawMessage(state)].slice(0, bodyRows(rows));
  const room = bodyRows(rows) - below.length;
  const body = takeRows(drawSafely({ ...props, rows: room }), room);
  const footer = rows > 0 ? [drawFooter(state, columns)] : [];
  return [...header, ...body, ...below, ...footer].map((row) => cutWidth(row, columns));
}

/** Of an overlay, what needs more than the footer. */
function drawAbove(props: ViewProps): readonly Row[] {
  const { overlay } = props.state;
  if (overlay?.kind !== "palette") return [];
  const room = Math.min(COMPLETIONS_MAX, Math.floor(bodyRows(props.rows) / 2));
  return drawCompletions(props, overlay.text, overlay.at, room);
}

/** F2. */
function drawSafely(props: ViewProps): readonly Row[] {
  try {
    return drawBody(props);
  } catch (error) {
    const words = `this view failed, and the run goes on: ${describeError(error)}`;
    const { columns, glyphs } = props;
    return [
      titleRow("NOT DRAWN", "", columns, glyphs),
      ...wrapText(words, columns).map((line) => textRow(line, { color: "bad" })),
    ];
  }
}

function drawBody(props: ViewProps): readonly Row[] {
  const { state, columns, rows } = props;
  if (state.overlay?.kind === "help") return drawHelp(props, state.overlay.top);
  const place = placeOf(state);
  switch (place) {
    case "overview":
      return drawOverview(props);
    case "resources":
      return drawResourceTable(props, rows);
    case "detail":
      return drawResourceDetail(props);
    case "logs":
      return props.drawLog(rows, columns);
    case "metrics":
      return drawLiveFigures(props, METRICS_PARTS);
    case "checks":
      return drawChecks(props);
    case "events":
      return drawEvents(props);
    default:
      return unreachable(place);
  }
}
