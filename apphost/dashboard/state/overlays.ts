/** What a key does while an overlay is open (U2, U3 of `view-state.ts`). Pure. */
import { TASK_MANAGERS_MAX } from "../../../simulator/common/contract/state/redis-state.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import { listCompletions, readCommand, scaleTo } from "./commands.ts";
import { askHost, type Context, follow, only, type Reduced } from "./outcomes.ts";
import { filteredView } from "./selection.ts";
import type { InputPurpose, Overlay, ViewState } from "./view-state.ts";

type Typed = { readonly type: "key"; readonly key: string } | { readonly type: "paste"; readonly text: string };

const TYPED_MAX = 500;

export function reduceOverlay(state: ViewState, overlay: Overlay, typed: Typed, context: Context): Reduced {
  const close = only({ ...state, overlay: null });
  if (typed.type === "key" && typed.key === "esc")
    return overlay.kind === "input" ? cancelInput(state, overlay.purpose) : close;
  switch (overlay.kind) {
    case "palette":
      return reducePalette(state, overlay, typed, context);
    case "input":
      return reduceInput(state, overlay, typed);
    case "help":
      return typed.type === "key" ? reduceHelp(state, overlay.top, typed.key, context) : only(state);
    case "scale":
      return typed.type === "key" ? reduceScale(state, overlay.replicas, typed.key) : only(state);
    case "confirm":
      if (typed.type === "paste") return only(state);
      if (typed.key === "y" || typed.key === "enter") return askHost({ ...state, overlay: null }, overlay.effect);
      return typed.key === "n" ? close : only(state);
    case "copy": {
      const choice = typed.type === "key" ? overlay.choices.find(({ key }) => key === typed.key) : undefined;
      if (choice === undefined) return close;
      return only({ ...state, overlay: null }, { kind: "copy", what: choice.what, text: choice.text });
    }
    case "quit":
      return typed.type === "key" ? reduceQuit(state, typed.key) : only(state);
    default:
      return unreachable(overlay);
  }
}

function reduceQuit(state: ViewState, key: string): Reduced {
  const ending = { ...state, overlay: null, isStopping: true };
  switch (key) {
    case "y":
    case "enter":
      return only(ending, { kind: "stop" });
    case "K":
      return only(ending, { kind: "kill" });
    case "d":
      return only({ ...state, overlay: null }, { kind: "leave" });
    case "n":
    case "q":
      return only({ ...state, overlay: null });
    default:
      return only(state);
  }
}

function reduceHelp(state: ViewState, top: number, key: string, { rows }: Context): Reduced {
  const steps: Readonly<Record<string, number>> = {
    j: 1,
    down: 1,
    k: -1,
    up: -1,
    pagedown: rows,
    space: rows,
    pageup: -rows,
  };
  const step = steps[key];
  if (step === undefined) return only({ ...state, overlay: null });
  return only({ ...state, overlay: { kind: "help", top: Math.max(0, top + step) } });
}

function reduceScale(state: ViewState, replicas: number, key: string): Reduced {
  const set = (wanted: number) =>
    only({ ...state, overlay: { kind: "scale", replicas: Math.max(0, Math.min(TASK_MANAGERS_MAX, wanted)) } });
  if (/^\d$/.test(key)) return set(replicas * 10 + Number(key));
  switch (key) {
    case "+":
    case "=":
    case "up":
      return set(replicas + 1);
    case "-":
    case "down":
      return set(Math.max(1, replicas - 1));
    case "backspace":
      return set(Math.floor(replicas / 10));
    case "enter":
      return replicas === 0 ? only(state) : follow(state, { kind: "effects", effects: [scaleTo(replicas)] });
    default:
      return only(state);
  }
}

function reducePalette(
  state: ViewState,
  { text, at }: Overlay & { readonly kind: "palette" },
  typed: Typed,
  context: Context,
): Reduced {
  const { snapshot } = context;
  const completions = listCompletions(text, snapshot);
  const set = (next: { text?: string; at?: number }) =>
    only({ ...state, message: null, overlay: { kind: "palette", text, at, ...next } });
  const key = typed.type === "key" ? typed.key : null;
  switch (key) {
    case "enter": {
      if (text.trim() === "") return only({ ...state, overlay: null });
      // What was moved to with the arrows is meant, and otherwise what was typed.
      const chosen = at > 0 ? completions[at - 1] : undefined;
      return follow({ ...state, message: null }, readCommand(chosen?.text ?? text, snapshot));
    }
    case "tab": {
      const completion = completions[Math.max(0, at - 1)];
      return completion === undefined ? only(state) : set({ text: `${completion.text} `, at: 0 });
    }
    case "down":
      return set({ at: Math.min(completions.length, at + 1) });
    case "up":
      return set({ at: Math.max(0, at - 1) });
    default:
      return set({ text: editText(text, typed), at: 0 });
  }
}

function reduceInput(state: ViewState, { purpose, text }: Overlay & { readonly kind: "input" }, typed: Typed): Reduced {
  if (typed.type === "key" && typed.key === "enter")
    return only({ ...state, overlay: null }, ...effectsOf(purpose, text));
  const next = editText(text, typed);
  const changed = { ...state, overlay: { kind: "input", purpose, text: next } } as const;
  switch (purpose) {
    case "filter":
      // It is seen while it is typed.
      return only({ ...changed, filters: { ...state.filters, [filteredView(state)]: next } });
    case "logSearch":
      return only(changed, { kind: "log", intent: { type: "search", text: next } });
    case "logFilter":
      return only(changed);
    default:
      return unreachable(purpose);
  }
}

function effectsOf(purpose: InputPurpose, text: string) {
  switch (purpose) {
    case "filter":
    case "logSearch":
      return [];
    case "logFilter":
      return [{ kind: "log", intent: { type: "filter", text } }] as const;
    default:
      return unreachable(purpose);
  }
}

function cancelInput(state: ViewState, purpose: InputPurpose): Reduced {
  const closed = { ...state, overlay: null };
  if (purpose === "logSearch") return only(closed, { kind: "log", intent: { type: "search", text: "" } });
  if (purpose !== "filter") return only(closed);
  return only({ ...closed, filters: { ...state.filters, [filteredView(state)]: "" } });
}

function editText(text: string, typed: Typed): string {
  if (typed.type === "paste") return `${text}${typed.text.replace(/\p{Cc}+/gu, " ")}`.slice(0, TYPED_MAX);
  switch (typed.key) {
    case "backspace":
      return [...text].slice(0, -1).join("");
    case "ctrl+u":
      return "";
    case "ctrl+w":
      return text.replace(/\S+\s*$/, "");
    case "space":
      return `${text} `;
    default:
      // Other keys have a name of several letters, which nobody typed.
      return [...typed.key].length === 1 ? `${text}${typed.key}`.slice(0, TYPED_MAX) : text;
  }
}
