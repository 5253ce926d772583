/** What can be copied where one is. Pure. */
import type { Context } from "./outcomes.ts";
import { GROUP } from "./resource-items.ts";
import { placeOf, selectedItem } from "./selection.ts";
import type { CopyChoice, ViewState } from "./view-state.ts";

export function listCopyChoices(state: ViewState, context: Context): readonly CopyChoice[] {
  const { snapshot, logLine, runId } = context;
  const place = placeOf(state);
  const choices: CopyChoice[] = [];
  const add = (key: string, what: string, text: string | null | undefined) => {
    if (text !== null && text !== undefined && text !== "") choices.push({ key, what, text });
  };
  const item =
    place === "overview" || place === "resources" || place === "detail" ? selectedItem(state, snapshot) : undefined;
  const resource = item?.kind === "group" ? undefined : item?.resources[0];
  add("n", "name", item?.name);
  add("a", "address", resource?.endpoint);
  add("p", "pid", resource?.pid?.toString());
  if (place === "logs") add("l", "line", logLine);
  if (place === "events") add("l", "line", snapshot.recent.at(-1 - (state.scrolled.events ?? 0))?.text);
  add("v", "verdict", snapshot.verdict?.reasons.join("\n"));
  add("r", "report", snapshot.verdict?.report);
  const run = runId === null ? "" : ` --run ${runId}`;
  add("c", "command of this view", `flink-apphost ${commandOf(state, item?.name)}${run}`);
  if (state.lastCommand !== null) add("C", "last command", `flink-apphost ${state.lastCommand}${run}`);
  return choices;
}

/** What prints the same on the command line. */
function commandOf(state: ViewState, selected: string | undefined): string {
  switch (placeOf(state)) {
    case "logs":
      return ["logs", ...state.logNames, "--follow"].join(" ");
    case "detail":
      return `logs ${selected ?? GROUP} --follow`;
    case "checks":
      return "report";
    case "overview":
    case "resources":
    case "metrics":
    case "events":
      return "describe --follow";
  }
}
