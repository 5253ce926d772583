/** The checks of the verdict, as they are decided. Pure. */

import type { Check, CheckStatus } from "../../../simulator/common/contract/files/report.ts";
import { flattenText, formatBar, formatCount } from "../../snapshot/format.ts";
import { fitColumns, type PaletteColor } from "../charts/segment.ts";
import { type Row, takeRows, titleRow, wrapText } from "../rows.ts";
import { drawVerdict } from "./verdict.ts";
import { colored, type ViewProps } from "./view-props.ts";

const MARKS: Readonly<Record<CheckStatus, string>> = {
  passed: "pass",
  failed: "FAIL",
  unknown: "????",
  notApplicable: "n/a ",
};
const COLORS: Readonly<Record<CheckStatus, PaletteColor>> = {
  passed: "good",
  failed: "bad",
  unknown: "warn",
  notApplicable: "muted",
};
/** What did not pass is read first. */
const ORDER: readonly CheckStatus[] = ["failed", "unknown", "passed", "notApplicable"];
const ID_COLUMNS = 26;

export function drawChecks(props: ViewProps): readonly Row[] {
  const { snapshot, state, columns, rows, glyphs } = props;
  const filter = (state.filters.checks ?? "").toLowerCase();
  const checks = snapshot.checks
    .filter(({ id, title, status }) => `${id} ${title} ${status}`.toLowerCase().includes(filter))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  const head = [
    titleRow("CHECKS", describeCounts(snapshot.checks, filter), columns, glyphs),
    ...drawProgressOfValidation(props),
    ...drawVerdict(snapshot.verdict),
  ];
  const body = checks.flatMap((check) => drawCheck(check, columns));
  const room = Math.max(0, rows - head.length);
  const top = Math.min(state.scrolled.checks ?? 0, Math.max(0, body.length - room));
  return takeRows([...head, ...body.slice(top, top + room)], rows);
}

function describeCounts(checks: readonly Check[], filter: string): string {
  if (checks.length === 0) return "none decided yet; they are when a round is validated";
  const counts = ORDER.flatMap((status) => {
    const count = checks.filter((check) => check.status === status).length;
    return count === 0 ? [] : [`${count} ${status === "notApplicable" ? "not applicable" : status}`];
  });
  return [...counts, ...(filter === "" ? [] : [`with "${filter}"`])].join(", ");
}

/** One row, and for what did not pass all that is known of it. */
function drawCheck(check: Check, columns: number): readonly Row[] {
  const { id, title, status, expected, actual, examined, reason } = check;
  const color = colored(COLORS[status]);
  const head: Row = [
    { text: `${MARKS[status]} `, bold: status !== "passed", ...color },
    { text: `${fitColumns(id, ID_COLUMNS)} ` },
    { text: title, ...(status === "notApplicable" ? { dim: true } : {}) },
  ];
  if (status === "passed") return [[...head, { text: `  (${formatCount(examined)} examined)`, dim: true }]];
  if (status === "notApplicable") return [[...head, { text: `: ${flattenText(reason)}`, dim: true }]];
  const facts = [flattenText(reason), `expected ${flattenText(expected)}`, `actual ${flattenText(actual)}`];
  return [
    head,
    ...facts.flatMap((fact) => wrapText(fact, columns - 7)).map((text): Row => [{ text: `       ${text}`, ...color }]),
  ];
}

/** Nothing while nothing is validated. */
export function drawProgressOfValidation({ snapshot, columns }: ViewProps): readonly Row[] {
  const { validation, phase, checks } = snapshot;
  if (phase !== "validating" || validation === null) return [];
  const { step, done, total } = validation;
  const share = total === null || total === 0 ? null : done / total;
  const bar = share === null ? "" : ` [${formatBar(share, Math.max(4, Math.min(40, columns - 60)))}]`;
  const counts = total === null ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
  const decided = checks.length === 0 ? "" : `, ${checks.length} checks decided`;
  return [[{ text: "validating ", bold: true }, { text: `${step}, ${counts}${bar}${decided}` }]];
}
