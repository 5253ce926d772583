/** The verdict in a few rows. Pure. */

import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { describeVerdict, type VerdictEvent } from "../../snapshot/event-text.ts";
import { flattenText, formatAmount } from "../../snapshot/format.ts";
import { cutStart, type PaletteColor } from "../charts/segment.ts";
import { type Row, wrapText } from "../rows.ts";

const REASONS_SHOWN_MAX = 2;
const REPORT = "  report ";

export function verdictColor(verdict: VerdictEvent["verdict"]): PaletteColor {
  switch (verdict) {
    case "passed":
      return "good";
    case "unknown":
      return "warn";
    case "failed":
    case "interrupted":
      return "bad";
    default:
      return unreachable(verdict);
  }
}

/** Itself, its first reasons, and where the report is. What is too wide goes on in the next row. */
export function drawVerdict(verdict: VerdictEvent | null, columns: number): readonly Row[] {
  if (verdict === null) return [];
  const color = verdictColor(verdict.verdict);
  const reasons = verdict.reasons.slice(0, REASONS_SHOWN_MAX).map(flattenText);
  const more = verdict.reasons.length - reasons.length;
  return [
    ...wrapText(describeVerdict(verdict), columns).map((text): Row => [{ text, bold: true, color }]),
    ...reasons.flatMap((reason) => indent(reason, columns).map((text): Row => [{ text, color }])),
    ...(more > 0 ? [[{ text: `  and ${formatAmount(more, "more reason")}`, color }]] : []),
    [{ text: `${REPORT}${cutStart(verdict.report, columns - REPORT.length)}` }],
  ];
}

const indent = (text: string, columns: number): readonly string[] =>
  wrapText(text, columns - 2).map((line) => `  ${line}`);
