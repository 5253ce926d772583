/**
 * What a person has chosen in the view of logs, and what each key means for it. Pure: what the files say comes in as facts.
 *
 * V1 Lines are counted within what is shown: filtered, and without what was cleared away.
 * V2 Who follows sees the newest lines. Whatever goes to another line ends that; going to the end begins it.
 * V3 Who pauses sees what was there at that moment, and can move, filter and search in it.
 */
import type { LineCounts } from "../../logs/merged-log.ts";

export interface LogMark {
  readonly atMs: number;
  /** It stands before the first line that came after these. */
  readonly counts: LineCounts;
}

export interface LogViewState {
  /** Resources and groups; none = all. */
  readonly names: readonly string[];
  readonly follow: boolean;
  readonly paused: boolean;
  /** The line in the first row, for one who does not follow. */
  readonly top: number;
  readonly wrap: boolean;
  readonly timestamps: boolean;
  /** `match`: the line that was gone to. */
  readonly search: { readonly text: string; readonly match: number | null } | null;
  readonly filter: string | null;
  /** Lines without the filter's text instead. */
  readonly inverse: boolean;
  readonly clearedAt: LineCounts | null;
  readonly marks: readonly LogMark[];
}

export type LogIntent =
  | { readonly type: "source"; readonly names: readonly string[] }
  | { readonly type: "scroll"; readonly lines: number }
  | { readonly type: "page"; readonly pages: number }
  | { readonly type: "home" }
  | { readonly type: "end" }
  /** "" ends it. */
  | { readonly type: "search"; readonly text: string }
  | { readonly type: "filter"; readonly text: string }
  /** To the match that is next to what is on the screen. */
  | { readonly type: "nearest" }
  | { readonly type: "next" }
  | { readonly type: "previous" }
  | { readonly type: "toggle"; readonly what: "wrap" | "timestamps" | "follow" | "inverse" }
  | { readonly type: "clear" }
  /** What was cleared away is shown again. */
  | { readonly type: "restore" }
  | { readonly type: "mark" }
  | { readonly type: "pause" };

export interface LogFacts {
  /** That are shown at all. */
  readonly lines: number;
  /** That a screen has for lines. */
  readonly rows: number;
  /** The first line on the screen, and how many are on it. */
  readonly top: number;
  readonly visibleLines: number;
  readonly nowMs: number;
  readonly counts: LineCounts;
  /** The line itself included; behind the last match comes the first. */
  readonly findMatch: (line: number, direction: "forward" | "backward") => number | null;
}

const MARKS_MAX = 100;

export const startLogView = (names: readonly string[]): LogViewState => ({
  names,
  follow: true,
  paused: false,
  top: 0,
  wrap: false,
  timestamps: false,
  search: null,
  filter: null,
  inverse: false,
  clearedAt: null,
  marks: [],
});

export function updateLogView(state: LogViewState, intent: LogIntent, facts: LogFacts): LogViewState {
  switch (intent.type) {
    case "source":
      return { ...startLogView(intent.names), wrap: state.wrap, timestamps: state.timestamps };
    case "scroll":
      return goTo(state, facts.top + intent.lines, facts);
    case "page":
      return goTo(state, facts.top + intent.pages * Math.max(1, facts.visibleLines - 1), facts);
    case "home":
      return goTo(state, 0, facts);
    case "end":
      return { ...state, follow: true };
    case "search":
      return { ...state, search: intent.text === "" ? null : { text: intent.text, match: null } };
    case "filter":
      return { ...state, filter: intent.text === "" ? null : intent.text };
    case "nearest":
    case "next":
    case "previous":
      return goToMatch(state, intent.type, facts);
    case "toggle":
      return toggle(state, intent.what, facts);
    case "clear":
      return { ...state, clearedAt: facts.counts, follow: true };
    case "restore":
      return { ...state, clearedAt: null };
    case "mark":
      return { ...state, marks: [...state.marks, { atMs: facts.nowMs, counts: facts.counts }].slice(-MARKS_MAX) };
    case "pause":
      return { ...state, paused: !state.paused };
  }
}

/** A wrapped line takes more than a row, so the last line may have to stand alone to be seen as a whole. */
function goTo(state: LogViewState, line: number, { lines, rows }: LogFacts): LogViewState {
  const last = Math.max(0, state.wrap ? lines - 1 : lines - rows);
  return { ...state, follow: false, top: Math.max(0, Math.min(last, line)) };
}

function goToMatch(state: LogViewState, which: "nearest" | "next" | "previous", facts: LogFacts): LogViewState {
  const { search } = state;
  if (search === null) return state;
  const match = findMatch(state, which, search.match, facts);
  if (match === null) return { ...state, search: { ...search, match } };
  const isVisible = match >= facts.top && match < facts.top + facts.visibleLines;
  const top = isVisible ? facts.top : match - Math.floor(facts.rows / 2);
  return { ...goTo(state, top, facts), search: { ...search, match } };
}

function findMatch(
  { follow }: LogViewState,
  which: "nearest" | "next" | "previous",
  match: number | null,
  { top, visibleLines, findMatch: find }: LogFacts,
): number | null {
  const bottom = top + visibleLines - 1;
  switch (which) {
    // Who follows looks at the newest lines, and wants the newest match.
    case "nearest":
      return follow ? find(bottom, "backward") : find(top, "forward");
    case "next":
      return find(match === null ? top : match + 1, "forward");
    case "previous":
      return find(match === null ? bottom : match - 1, "backward");
  }
}

function toggle(
  state: LogViewState,
  what: "wrap" | "timestamps" | "follow" | "inverse",
  facts: LogFacts,
): LogViewState {
  if (what === "follow" && state.follow) return goTo(state, facts.top, facts);
  return { ...state, [what]: !state[what] };
}

/** The same lines at other places, after lines came in before them or others are shown. */
export function moveLogView(state: LogViewState, top: number, match: number | null): LogViewState {
  if (state.top === top && (state.search === null || state.search.match === match)) return state;
  return { ...state, top, search: state.search === null ? null : { ...state.search, match } };
}
