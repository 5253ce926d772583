/** The row below the logs: what is shown, where one is in it, and what is still at work. Pure. */
import type { ScanProgress } from "../../logs/shown-lines.ts";
import { type Row, readTerminalText, type Segment, textOf } from "../../logs/terminal-text.ts";
import { formatCount } from "../../snapshot/format.ts";
import type { LogViewState } from "./log-view-state.ts";

export interface LogStatus {
  readonly files: number;
  readonly indexedFiles: number;
  /** null: nothing is searched. `number`: the how manyth match it is. */
  readonly matches: { readonly count: number; readonly number: number | null; readonly progress: ScanProgress } | null;
  readonly filterProgress: ScanProgress | null;
  /** What is wrong with an expression or with a file. */
  readonly problems: readonly string[];
}

const SEPARATOR: Segment = { text: "  " };

export function drawStatus(
  state: LogViewState,
  status: LogStatus,
  place: { readonly top: number; readonly visibleLines: number; readonly of: number | null },
): Row {
  const parts: Segment[] = [
    { text: nameSource(state.names), bold: true },
    nameMode(state),
    { text: namePlace(place.of, place.top, place.visibleLines) },
    ...(status.indexedFiles < status.files
      ? [{ text: `${status.indexedFiles} of ${status.files} files indexed` }]
      : []),
    ...(state.search === null ? [] : [{ text: nameSearch(state.search.text, status.matches) }]),
    ...(state.filter === null ? [] : [{ text: nameFilter(state.filter, state.inverse, status.filterProgress) }]),
    ...(state.clearedAt === null ? [] : [{ text: "cleared" }]),
    ...status.problems.map((text) => ({ text, bold: true })),
  ];
  return parts.flatMap((part, index) => (index === 0 ? [makeSafe(part)] : [SEPARATOR, makeSafe(part)]));
}

/** What was pasted into a search, or stands in the message of an error, may be anything. */
const makeSafe = (part: Segment): Segment => ({
  ...part,
  text: textOf(readTerminalText(part.text, { colors: false })),
});

const nameSource = (names: readonly string[]): string => (names.length === 0 ? "all logs" : names.join(", "));

function nameMode({ paused, follow }: LogViewState): Segment {
  if (paused) return { text: "paused", inverse: true };
  return follow ? { text: "follow" } : { text: "scrolled", dim: true };
}

function namePlace(lines: number | null, top: number, visibleLines: number): string {
  if (lines === null) return "newest lines";
  if (lines === 0) return "no lines";
  return `lines ${formatCount(top + 1)}-${formatCount(top + visibleLines)} of ${formatCount(lines)}`;
}

function nameSearch(text: string, matches: LogStatus["matches"]): string {
  if (matches === null) return `/${text}`;
  const { count, number, progress } = matches;
  const found =
    number === null ? `${formatCount(count)} matches` : `match ${formatCount(number)} of ${formatCount(count)}`;
  return `/${text}: ${found}${nameProgress(progress)}`;
}

const nameFilter = (text: string, isInverse: boolean, progress: ScanProgress | null): string =>
  `${isInverse ? "without" : "only"} ${text}${progress === null ? "" : nameProgress(progress)}`;

function nameProgress(progress: ScanProgress): string {
  switch (progress.kind) {
    case "tooSlow":
      return ", stopped: this expression takes too long";
    case "read":
      return progress.part >= 1 ? "" : `, ${Math.floor(progress.part * 100)}% read`;
  }
}
