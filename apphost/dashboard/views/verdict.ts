/** The verdict in a few rows. Pure. */

import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { describeVerdict, type VerdictEvent } from "../../snapshot/event-text.ts";
import { flattenText } from "../../snapshot/format.ts";
import type { PaletteColor } from "../charts/segment.ts";
import type { Row } from "../rows.ts";

const REASONS_SHOWN_MAX = 2;

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

/** Itself, its first reasons, and where the report is. */
export function drawVerdict(verdict: VerdictEvent | null): readonly Row[] {
  if (verdict === null) return [];
  const color = verdictColor(verdict.verdict);
  return [
    [{ text: describeVerdict(verdict), bold: true, color }],
    ...verdict.reasons.slice(0, REASONS_SHOWN_MAX).map((reason): Row => [{ text: `  ${flattenText(reason)}`, color }]),
    [{ text: `  report ${verdict.report}` }],
  ];
}
