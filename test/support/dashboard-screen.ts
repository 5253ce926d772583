/** The dashboard's screen as text, after keys that were pressed, without a terminal: what draws it is pure. */
import type { Row } from "../../apphost/dashboard/rows.ts";
import type { Context } from "../../apphost/dashboard/state/outcomes.ts";
import { reduce } from "../../apphost/dashboard/state/reduce.ts";
import { createViewState, type Effect, type ViewState } from "../../apphost/dashboard/state/view-state.ts";
import { bodyRows, drawFrame } from "../../apphost/dashboard/views/frame.ts";
import type { Snapshot } from "../../apphost/snapshot/snapshot.ts";

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Run time. */
  readonly nowUs?: number;
  readonly glyphs?: "unicode" | "ascii";
  readonly isOwner?: boolean;
  readonly drawLog?: (rows: number, columns: number) => readonly Row[];
}

/** Keys by the names of `bindings.ts`; a text of several characters that is no name is typed. */
export interface Pressed {
  readonly state: ViewState;
  readonly effects: readonly Effect[];
}

const NAMED = /^(up|down|left|right|pageup|pagedown|home|end|enter|esc|tab|shift\+tab|backspace|space|ctrl\+.)$/;

export const splitKeys = (...keys: readonly string[]): readonly string[] =>
  keys.flatMap((key) => (NAMED.test(key) ? [key] : [...key].map((one) => (one === " " ? "space" : one))));

export function press(
  snapshot: Snapshot,
  keys: readonly string[],
  { rows = 24, isOwner = true }: ScreenOptions = {},
  state: ViewState = createViewState("dark"),
): Pressed {
  const context: Context = { snapshot, rows: bodyRows(rows), log: null, logLine: null, runId: "ab12cd", isOwner };
  return splitKeys(...keys).reduce<Pressed>(
    (before, key) => {
      const next = reduce(before.state, { type: "key", key }, context);
      return { state: next.state, effects: [...before.effects, ...next.effects] };
    },
    { state, effects: [] },
  );
}

export function drawScreen(snapshot: Snapshot, state: ViewState, options: ScreenOptions = {}): string[] {
  const { columns = 80, rows = 24, nowUs = snapshot.lastEventAtUs, glyphs = "unicode" } = options;
  const drawLog = options.drawLog ?? (() => []);
  const frame = drawFrame({ snapshot, state, columns, rows, nowUs, glyphs, drawLog });
  return frame.map((row) =>
    row
      .map(({ text }) => text)
      .join("")
      .trimEnd(),
  );
}
