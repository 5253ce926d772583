/** What a key does: the next state, and what is to be done outside. Pure. The invariants are those of `view-state.ts`. */
import { PAUSED_BY_USER } from "../../../simulator/common/contract/events.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import type { LogIntent } from "../logs/log-view-state.ts";
import { type Action, findAction } from "./bindings.ts";
import { actOn, takeCheckpoint } from "./commands.ts";
import { listCopyChoices } from "./copies.ts";
import { askHost, type Context, follow, only, type Reduced, tell } from "./outcomes.ts";
import { reduceOverlay } from "./overlays.ts";
import { GROUP, indexOfSelected, isStopped, listResourceItems, type ResourceItem } from "./resource-items.ts";
import { filteredView, placeOf, selectedItem } from "./selection.ts";
import { type Input, SORTS, type Sort, VIEWS, type View, type ViewState } from "./view-state.ts";

export function reduce(state: ViewState, input: Input, context: Context): Reduced {
  switch (input.type) {
    case "accepted":
      return only({
        ...state,
        asking: state.asking.map((one) => (one.id === input.id ? { ...one, words: input.words } : one)),
      });
    case "answered":
      return only({ ...state, asking: state.asking.filter(({ id }) => id !== input.id), message: input.message });
    case "told":
      return only({ ...state, message: input.message });
    case "described":
      return only({ ...state, descriptions: input.resources });
    case "paste":
      return state.overlay === null ? only(state) : reduceOverlay(state, state.overlay, input, context);
    case "key":
      return reduceKey(state, input.key, context);
    default:
      return unreachable(input);
  }
}

function reduceKey(state: ViewState, key: string, context: Context): Reduced {
  // They mean the same wherever one is: a person who wants to end does not look for the right place first.
  if (key === "ctrl+c") return interrupt(state, context);
  if (key === "ctrl+z") return only(state, { kind: "suspend" });
  if (state.overlay !== null) return reduceOverlay(state, state.overlay, { type: "key", key }, context);
  const place = placeOf(state);
  const action = findAction(key, place);
  if (action === undefined) return only(state);
  const before = { ...state, message: null };
  return place === "logs" ? actInLog(before, action, context) : act(before, action, context);
}

/** Whoever only looks in ends nothing by going away. */
function interrupt(state: ViewState, { isOwner }: Context): Reduced {
  if (!isOwner) return only(state, { kind: "leave" });
  return only({ ...state, isStopping: true, overlay: null }, { kind: state.isStopping ? "kill" : "stop" });
}

function actInLog(state: ViewState, action: Action, context: Context): Reduced {
  const log = (intent: LogIntent) => only(state, { kind: "log", intent });
  switch (action) {
    case "up":
      return log({ type: "scroll", lines: -1 });
    case "down":
      return log({ type: "scroll", lines: 1 });
    case "pageUp":
      return log({ type: "page", pages: -1 });
    case "pageDown":
      return log({ type: "page", pages: 1 });
    case "first":
      return log({ type: "home" });
    case "last":
      return log({ type: "end" });
    case "nextMatch":
      return log({ type: "next" });
    case "previousMatch":
      return log({ type: "previous" });
    case "clear":
    case "mark":
      return log({ type: action });
    case "pauseLog":
      return log({ type: "pause" });
    case "follow":
    case "wrap":
    case "timestamps":
      return log({ type: "toggle", what: action });
    case "filter":
      return only({ ...state, overlay: { kind: "input", purpose: "logSearch", text: "" } });
    case "logFilter":
      return only({ ...state, overlay: { kind: "input", purpose: action, text: "" } });
    case "logInverse":
      return log({ type: "toggle", what: "inverse" });
    case "nextLog":
      return only({ ...state, logNames: stepLog(state, context, 1) });
    case "previousLog":
      return only({ ...state, logNames: stepLog(state, context, -1) });
    case "page": {
      const [name] = state.logNames;
      if (name === undefined || name === GROUP)
        return tell(state, "choose the log of one resource first, by ] or :logs NAME");
      return only(state, { kind: "page", resource: name });
    }
    case "back":
      if (context.log?.isSearched === true) return log({ type: "search", text: "" });
      if (context.log?.isFiltered === true) return log({ type: "filter", text: "" });
      return context.log?.isCleared === true ? log({ type: "restore" }) : only({ ...state, view: "resources" });
    default:
      return act(state, action, context);
  }
}

/** All logs, and then each alone. */
function stepLog({ logNames }: ViewState, { snapshot }: Context, step: number): readonly string[] {
  const names = snapshot.resources.map(({ name }) => name);
  const places = names.length + 1;
  const now = logNames.length === 1 ? names.indexOf(logNames[0] ?? "") + 1 : 0;
  const next = (now + step + places) % places;
  return next === 0 ? [] : names.slice(next - 1, next);
}

function act(state: ViewState, action: Action, context: Context): Reduced {
  const view = viewOf(action, state);
  if (view !== undefined) return show(state, view);
  const { snapshot } = context;
  switch (action) {
    case "up":
      return move(state, -1, context);
    case "down":
      return move(state, 1, context);
    case "pageUp":
      return move(state, -context.rows, context);
    case "pageDown":
      return move(state, context.rows, context);
    case "first":
      return move(state, Number.NEGATIVE_INFINITY, context);
    case "last":
      return move(state, Number.POSITIVE_INFINITY, context);
    case "enter":
      return enter(state, context);
    case "back":
      return back(state);
    case "filter": {
      const text = state.filters[filteredView(state)] ?? "";
      return only({ ...state, overlay: { kind: "input", purpose: "filter", text } });
    }
    case "sort":
      return only({ ...state, sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] as Sort });
    case "logs": {
      const item = selectedItem(state, snapshot);
      return only({ ...state, view: "logs", logNames: item === undefined ? [] : [item.name] });
    }
    case "restart":
      return actOnSelected(state, context, () => "restart");
    case "kill":
      return actOnSelected(state, context, () => "kill");
    case "stopOrStart":
      return actOnSelected(state, context, (item) => (isStopped(item) ? "start" : "stop"));
    case "pauseOrResume":
      return actOnSelected(state, context, (item) => (isPaused(item) ? "resume" : "pause"));
    case "scaleUp":
    case "scaleDown": {
      const now = snapshot.resources.filter(({ kind }) => kind === "taskmanager").length;
      const replicas = Math.max(1, now + (action === "scaleUp" ? 1 : -1));
      return only({ ...state, overlay: { kind: "scale", replicas } });
    }
    case "produce":
      return only({ ...state, overlay: { kind: "palette", text: "produce --messages ", at: 0 } });
    case "checkpoint":
      return askHost(state, takeCheckpoint());
    case "copy":
      return only({ ...state, overlay: { kind: "copy", choices: listCopyChoices(state, context) } });
    case "page": {
      const item = selectedItem(state, snapshot);
      if (item === undefined || item.kind === "group") return tell(state, "select one resource first");
      return only(state, { kind: "page", resource: item.name });
    }
    case "theme":
      return only({ ...state, theme: state.theme === "dark" ? "light" : "dark" });
    case "palette":
      return only({ ...state, overlay: { kind: "palette", text: "", at: 0 } });
    case "help":
      return only({ ...state, overlay: { kind: "help", top: 0 } });
    case "leave":
      return only(state, { kind: "leave" });
    case "quit":
      return only({ ...state, overlay: { kind: "quit" } });
    default:
      return only(state);
  }
}

/** Undefined: it is no change of the view. */
function viewOf(action: Action, { view }: ViewState): View | undefined {
  if (action === "nextView") return stepView(view, 1);
  if (action === "previousView") return stepView(view, -1);
  return action.startsWith("view") ? VIEWS[Number(action.slice("view".length)) - 1] : undefined;
}

const isPaused = ({ resources }: ResourceItem): boolean => resources.some(({ reason }) => reason === PAUSED_BY_USER);

/** A number shows the list itself, also out of a detail. */
const show = (state: ViewState, view: View): Reduced =>
  only({ ...state, view, detail: view === "resources" && state.view !== "resources" ? state.detail : null });

const stepView = (view: View, step: number): View =>
  VIEWS[(VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length] ?? view;

function move(state: ViewState, lines: number, { snapshot, rows }: Context): Reduced {
  const place = placeOf(state);
  if (place === "overview" || place === "resources") {
    const items = listResourceItems(snapshot, state);
    const at = indexOfSelected(items, state.selected) + lines;
    const item = items[Math.max(0, Math.min(items.length - 1, at))];
    return only(item === undefined ? state : { ...state, selected: item.name });
  }
  // Events begin at their newest, which is at the bottom.
  const direction = place === "events" ? -1 : 1;
  const max = place === "events" ? snapshot.recent.length : SCROLLED_MAX;
  const now = state.scrolled[place] ?? 0;
  const next = Math.max(0, Math.min(Math.max(0, max - (place === "events" ? rows : 0)), now + direction * lines));
  return only({ ...state, scrolled: { ...state.scrolled, [place]: next } });
}

/** What draws a view holds it within what there is. */
const SCROLLED_MAX = 10_000;

function enter(state: ViewState, { snapshot }: Context): Reduced {
  const item = selectedItem(state, snapshot);
  if (item === undefined) return only(state);
  if (item.kind === "group") {
    return only({
      ...state,
      view: "resources",
      selected: item.name,
      isGroupOpen: state.view === "overview" || !state.isGroupOpen,
    });
  }
  const scrolled = { ...state.scrolled, detail: 0 };
  return only({ ...state, view: "resources", detail: item.name, selected: item.name, scrolled }, { kind: "describe" });
}

function back(state: ViewState): Reduced {
  const view = filteredView(state);
  if (state.detail !== null && state.view === "resources") return only({ ...state, detail: null });
  if ((state.filters[view] ?? "") !== "") return only({ ...state, filters: { ...state.filters, [view]: "" } });
  return only(state.view === "overview" ? { ...state, isGroupOpen: false } : { ...state, view: "overview" });
}

function actOnSelected(
  state: ViewState,
  { snapshot }: Context,
  choose: (item: ResourceItem) => Parameters<typeof actOn>[0],
): Reduced {
  const item = selectedItem(state, snapshot);
  return item === undefined ? only(state) : follow(state, actOn(choose(item), item.name));
}
