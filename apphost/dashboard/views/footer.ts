/** The rows below every view: what was asked and answered, and which keys work here. Pure. */

import { cutText, measureText, type Segment } from "../charts/segment.ts";
import type { Row } from "../rows.ts";

import { type Binding, labelKey, listFooterBindings } from "../state/bindings.ts";
import { filteredView, placeOf } from "../state/selection.ts";
import type { InputPurpose, Overlay, ViewState } from "../state/view-state.ts";
import { colored, LEVEL_COLORS } from "./view-props.ts";

const GAP = "  ";

/** Nothing when there is nothing to tell. */
export function drawMessage({ message, asking }: ViewState): readonly Row[] {
  if (message !== null) {
    const color = colored(message.level === "info" ? "good" : LEVEL_COLORS[message.level]);
    return [[{ text: message.text, bold: message.level !== "info", ...color }]];
  }
  if (asking.length === 0) return [];
  return [[{ text: "... ", color: "accent" }, { text: asking.map(({ words }) => words).join("; ") }]];
}

export function drawFooter(state: ViewState, columns: number): Row {
  if (state.overlay !== null) return drawOverlayKeys(state.overlay);
  if (state.isStopping) {
    return [{ text: "stopping: see above; another Ctrl+C kills everything at once", bold: true }];
  }
  const filter = state.filters[filteredView(state)] ?? "";
  const start: Segment[] =
    filter === "" || state.view === "logs" ? [] : [{ text: `/${cutText(filter, 20)}${GAP}`, color: "accent" }];
  const bindings = listFooterBindings(placeOf(state)).filter(({ action }) => action !== "back" || hasBack(state));
  let left = columns - start.reduce((sum, { text }) => sum + measureText(text), 0);
  const shown: Binding[] = [];
  for (const binding of bindings) {
    const width = measureText(describeKey(binding)) + GAP.length;
    if (width > left) break;
    left -= width;
    shown.push(binding);
  }
  return [...start, ...shown.flatMap(drawKey)];
}

const hasBack = (state: ViewState): boolean =>
  state.view !== "overview" || (state.filters[filteredView(state)] ?? "") !== "";

const describeKey = ({ keys, label }: Binding): string => `${labelKey(keys[0] ?? "")} ${label}`;

const drawKey = ({ keys, label }: Binding): readonly Segment[] => [
  { text: labelKey(keys[0] ?? ""), bold: true },
  { text: ` ${label}${GAP}`, dim: true },
];

const PURPOSES: Readonly<Record<InputPurpose, string>> = {
  filter: "filter",
  logSearch: "search",
  logFilter: "only lines with",
};

/** The caret is a sign of its own: the terminal's cursor is hidden. */
function drawOverlayKeys(overlay: Overlay): Row {
  const keys = (text: string): Segment => ({ text, dim: true });
  switch (overlay.kind) {
    case "input":
      return [
        { text: `${PURPOSES[overlay.purpose]}: `, bold: true },
        { text: `${overlay.text}_` },
        keys("   Enter keep  Esc cancel"),
      ];
    case "palette":
      return [{ text: ":", bold: true }, { text: `${overlay.text}_` }, keys("   Enter run  Tab complete  Esc cancel")];
    case "scale":
      return [
        { text: "TaskManagers: ", bold: true },
        { text: overlay.replicas === 0 ? "_" : String(overlay.replicas) },
        keys("   + - or a number, Enter scale  Esc cancel"),
      ];
    case "confirm":
      return [{ text: `${overlay.question} `, bold: true, color: "warn" }, keys("y yes  n no")];
    case "copy":
      return [
        { text: "copy: ", bold: true },
        ...(overlay.choices.length === 0 ? [keys("there is nothing to copy here")] : []),
        ...overlay.choices.flatMap(({ key, what }) => [{ text: key, bold: true }, keys(` ${what}${GAP}`)]),
      ];
    case "quit":
      return [
        { text: "end the run? ", bold: true, color: "warn" },
        { text: "y", bold: true },
        keys(" stop in order  "),
        { text: "K", bold: true },
        keys(" kill at once  "),
        { text: "d", bold: true },
        keys(" leave it running  "),
        { text: "Esc", bold: true },
        keys(" stay"),
      ];
    case "help":
      return [keys("j k move  any other key closes")];
  }
}
