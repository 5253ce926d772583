/** The row below the logs: what is shown, where one is in it, and what is still at work. Pure. */
import type { ScanProgress } from "../../logs/shown-lines.ts";
import { cutRow, type Row, readTerminalText, type Segment, textOf, widthOf } from "../../logs/terminal-text.ts";
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

const SEPARATOR = "  ";
/** Of a searched text that is cut, so that the number of its matches has room. */
const SEARCH_COLUMNS_MIN = 8;

interface Part extends Segment {
  /** Where there is no room for all, the highest go first, and those of 0 stay. */
  readonly rank: number;
}

export interface LogPlace {
  readonly top: number;
  readonly visibleLines: number;
  readonly of: number | null;
}

/** May be wider than `columns` when what must be said is. */
export function drawStatus(state: LogViewState, status: LogStatus, place: LogPlace, columns: number): Row {
  const all = listParts(state, status, place, state.search?.text ?? "");
  const ranks = [...new Set(all.map(({ rank }) => rank))].sort((a, b) => b - a);
  let parts = all;
  for (const rank of ranks)
    if (rank > 0 && measure(parts) > columns) parts = parts.filter((part) => part.rank !== rank);
  const missing = measure(parts) - columns;
  if (missing > 0 && state.search !== null) {
    const { text } = state.search;
    const shown = textOf(cutRow([{ text }], Math.max(SEARCH_COLUMNS_MIN, widthOf(text) - missing)));
    const cut = listParts(state, status, place, shown);
    parts = parts.map((part) => cut[all.indexOf(part)] ?? part);
  }
  return parts.flatMap(({ rank: _, ...part }, index) => (index === 0 ? [part] : [{ text: SEPARATOR }, part]));
}

function listParts(state: LogViewState, status: LogStatus, place: LogPlace, searchText: string): readonly Part[] {
  const parts: readonly Part[] = [
    { text: nameSource(state.names), bold: true, rank: 0 },
    { ...nameMode(state), rank: 2 },
    { text: namePlace(place.of, place.top, place.visibleLines), rank: 5 },
    ...(status.indexedFiles < status.files
      ? [{ text: `${status.indexedFiles} of ${status.files} files indexed`, rank: 4 }]
      : []),
    ...(state.search === null ? [] : [{ text: nameSearch(searchText, status.matches), rank: 0 }]),
    ...(state.filter === null
      ? []
      : [{ text: nameFilter(state.filter, state.inverse, status.filterProgress), rank: 1 }]),
    ...(state.clearedAt === null ? [] : [{ text: "cleared", rank: 3 }]),
    ...status.problems.map((text) => ({ text, bold: true, rank: 0 })),
  ];
  return parts.map(makeSafe);
}

const measure = (parts: readonly Part[]): number =>
  parts.reduce((sum, { text }) => sum + widthOf(text), SEPARATOR.length * Math.max(0, parts.length - 1));

/** What was pasted into a search, or stands in the message of an error, may be anything. */
const makeSafe = (part: Part): Part => ({
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
