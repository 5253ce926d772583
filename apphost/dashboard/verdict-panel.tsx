import { describeVerdict, type VerdictEvent, verdictLevel } from "../snapshot/event-text.ts";
import { flattenText } from "../snapshot/format.ts";
import { type Palette, Row } from "./row.tsx";

const REASONS_SHOWN_MAX = 2;

/** How many lines the verdict wants: itself, its first reasons, the report. */
export const countVerdictLines = (verdict: VerdictEvent | null): number =>
  verdict === null ? 0 : 2 + Math.min(REASONS_SHOWN_MAX, verdict.reasons.length);

export function VerdictPanel({
  verdict,
  rows,
  palette,
}: {
  verdict: VerdictEvent | null;
  rows: number;
  palette: Palette;
}) {
  if (verdict === null || rows === 0) return null;
  const color = { info: palette.good, warn: palette.warn, error: palette.bad }[verdictLevel(verdict.verdict)];
  const lines = [
    <Row key="verdict" cells={[{ text: describeVerdict(verdict), bold: true, color }]} />,
    ...verdict.reasons
      .slice(0, REASONS_SHOWN_MAX)
      .map((reason) => <Row key={reason} cells={[{ text: `  ${flattenText(reason)}`, color }]} />),
    <Row key="report" cells={[{ text: `  report ${verdict.report}` }]} />,
  ];
  return <>{lines.slice(0, rows)}</>;
}
