/** Where one is, and what is selected there. Pure. */
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Place } from "./bindings.ts";
import { indexOfSelected, listResourceItems, type ResourceItem } from "./resource-items.ts";
import type { View, ViewState } from "./view-state.ts";

export const placeOf = ({ view, detail }: ViewState): Place =>
  view === "resources" && detail !== null ? "detail" : view;

/** Overview and Resources are two sights of one list, and share its filter. */
export const filteredView = ({ view }: ViewState): View => (view === "overview" ? "resources" : view);

export function selectedItem(state: ViewState, snapshot: Snapshot): ResourceItem | undefined {
  if (placeOf(state) === "detail") {
    const all = listResourceItems(snapshot, { sort: "name", isGroupOpen: true, filters: {} });
    return all.find(({ name }) => name === state.detail);
  }
  const items = listResourceItems(snapshot, state);
  return items[indexOfSelected(items, state.selected)];
}
