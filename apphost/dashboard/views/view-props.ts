/** What every view is drawn from. A view is a pure function to exactly `rows` rows of at most `columns` cells. */

import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Glyphs } from "../charts/segment.ts";
import type { Row } from "../rows.ts";
import type { ViewState } from "../state/view-state.ts";

export interface ViewProps {
  readonly snapshot: Snapshot;
  readonly state: ViewState;
  readonly columns: number;
  readonly rows: number;
  /** Run time. */
  readonly nowUs: number;
  readonly glyphs: Glyphs;
  /** The part of the logs that is open, drawn by whoever reads them. */
  readonly drawLog: (rows: number, columns: number) => readonly Row[];
}

export const LEVEL_COLORS = { info: undefined, warn: "warn", error: "bad" } as const;

/** For a segment: with no key at all where there is no colour. */
export const colored = (color: string | undefined): { readonly color?: string } =>
  color === undefined ? {} : { color };
