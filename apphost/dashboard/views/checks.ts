/** The checks of the verdict, as they are decided. Pure. */

import { CHECKS } from "../../../simulator/common/contract/files/check-catalogue.ts";
import type { Check, CheckStatus } from "../../../simulator/common/contract/files/report.ts";
import { flattenText, formatAmount, formatCount } from "../../snapshot/format.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { drawBar } from "../charts/bar.ts";
import { fitColumns, type PaletteColor } from "../charts/segment.ts";
import { measureWidth, type Row, takeRows, titleRow, wrapText } from "../rows.ts";
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
const ID_COLUMNS = 24;
const ID_SHOWN_COLUMNS_MIN = 70;
const BAR_COLUMNS_MIN = 6;
const BAR_COLUMNS_MAX = 40;

export function drawChecks(props: ViewProps): readonly Row[] {
  const { snapshot, state, columns, rows, glyphs } = props;
  const filter = (state.filters.checks ?? "").toLowerCase();
  const checks = snapshot.checks
    .filter(({ id, title, status }) => `${id} ${title} ${status}`.toLowerCase().includes(filter))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  const coming = listComing(snapshot, filter);
  const conclusion = [...drawProgressOfValidation(props), ...drawVerdict(snapshot.verdict, columns)];
  const body = [
    ...checks.flatMap((check) => drawCheck(check, { columns, glyphs })),
    ...coming.map((check): Row => [{ text: `     ${nameCheck(check, { columns, glyphs })}`, dim: true }]),
  ];
  const room = Math.max(0, rows - 1 - conclusion.length);
  const top = Math.min(state.scrolled.checks ?? 0, Math.max(0, body.length - room));
  const below = body.length - top - room;
  const counts = describeCounts(checks, coming.length, filter);
  const title = titleRow("CHECKS", `${counts}${below > 0 ? `, ${below} below: j` : ""}`, columns, glyphs);
  return takeRows([title, ...conclusion, ...body.slice(top, top + room)], rows);
}

/** Of what is shown: what a filter leaves out is not counted. */
function describeCounts(checks: readonly Check[], coming: number, filter: string): string {
  const counts = ORDER.flatMap((status) => {
    const count = checks.filter((check) => check.status === status).length;
    return count === 0 ? [] : [`${count} ${status === "notApplicable" ? "not applicable" : status}`];
  });
  return [
    ...counts,
    ...(coming === 0 ? [] : [`${coming} to come`]),
    ...(filter === "" ? [] : [`with "${filter}"`]),
  ].join(", ");
}

type Size = Pick<ViewProps, "columns" | "glyphs">;

/** What it compares says more than what it is called, where there is no room for both. */
function nameCheck({ id, title }: Pick<Check, "id" | "title">, { columns, glyphs }: Size): string {
  const words = glyphs === "ascii" ? title.replaceAll("−", "-") : title;
  return columns < ID_SHOWN_COLUMNS_MIN ? words : `${fitColumns(id, ID_COLUMNS)} ${words}`;
}

/** One row, and for what did not pass all that is known of it. */
function drawCheck(check: Check, { columns, glyphs }: Size): readonly Row[] {
  const { status, expected, actual, examined, reason } = check;
  const color = colored(COLORS[status]);
  const head: Row = [
    { text: `${MARKS[status]} `, bold: status !== "passed", ...color },
    { text: nameCheck(check, { columns, glyphs }), ...(status === "notApplicable" ? { dim: true } : {}) },
  ];
  if (status === "passed") {
    const count: Row = [{ text: `  (${formatCount(examined)} examined)`, dim: true }];
    // Half of it would be another number.
    return [measureWidth(head) + measureWidth(count) <= columns ? [...head, ...count] : head];
  }
  if (status === "notApplicable") return [[...head, { text: `: ${flattenText(reason)}`, dim: true }]];
  const facts = [flattenText(reason), `expected ${flattenText(expected)}`, `actual ${flattenText(actual)}`];
  return [
    head,
    ...facts.flatMap((fact) => wrapText(fact, columns - 7)).map((text): Row => [{ text: `       ${text}`, ...color }]),
  ];
}

/** What the end of a round will decide. What an application checks by itself is known only then. */
function listComing({ checks, verdict }: Snapshot, filter: string): readonly Pick<Check, "id" | "title">[] {
  if (verdict !== null) return [];
  const decided = new Set(checks.map(({ id }) => id));
  return Object.values(CHECKS).filter(
    ({ id, title }) => !decided.has(id) && `${id} ${title} to come`.toLowerCase().includes(filter),
  );
}

/** Nothing while nothing is validated. */
export function drawProgressOfValidation({ snapshot, columns, glyphs }: ViewProps): readonly Row[] {
  const { validation, phase, checks } = snapshot;
  if (phase !== "validating" || validation === null) return [];
  const { step, done, total } = validation;
  const counts = total === null ? "" : `, ${formatCount(done)} of ${formatCount(total)}`;
  const words: Row = [{ text: "validating ", bold: true }, { text: `${step}${counts}` }];
  const room = columns - measureWidth(words);
  const decided = checks.length === 0 ? "" : `  ${formatAmount(checks.length, "check")} decided`;
  const end: Row = decided.length <= room ? [{ text: decided }] : [];
  const barColumns = Math.min(BAR_COLUMNS_MAX, room - measureWidth(end) - 2);
  if (total === null || total === 0 || barColumns < BAR_COLUMNS_MIN) return [[...words, ...end]];
  const bar = drawBar(done / total, { columns: barColumns, glyphs, color: "accent" });
  return [[...words, { text: "  " }, ...bar, ...end]];
}
