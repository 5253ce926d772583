/** From what a command comes to, to the next state and what is to be done outside of it. Pure. */
import { unreachable } from "../../../simulator/common/foundation/assert.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Outcome } from "./commands.ts";
import type { Effect, Message, ViewState } from "./view-state.ts";

export interface Context {
  readonly snapshot: Snapshot;
  /** Of the body, for a page. */
  readonly rows: number;
  /** What the Logs view has searched, filtered or cleared away; null while it is not open. */
  readonly log: { readonly isSearched: boolean; readonly isFiltered: boolean; readonly isCleared: boolean } | null;
  /** The line of the Logs view that one is at, for a copy. */
  readonly logLine: string | null;
  readonly runId: string | null;
  /** Whether the run ends with this terminal. */
  readonly isOwner: boolean;
}

export interface Reduced {
  readonly state: ViewState;
  readonly effects: readonly Effect[];
}

export const only = (state: ViewState, ...effects: readonly Effect[]): Reduced => ({ state, effects });

export const tell = (state: ViewState, text: string, level: Message["level"] = "warn"): Reduced =>
  only({ ...state, message: { level, text } });

/** The state and the effects that a command comes to. */
export function follow(state: ViewState, outcome: Outcome): Reduced {
  switch (outcome.kind) {
    case "effects":
      return outcome.effects.reduce<Reduced>(
        ({ state: now, effects }, effect) => {
          const next = effect.kind === "ask" ? askHost(now, effect) : only(now, effect);
          return { state: next.state, effects: [...effects, ...next.effects] };
        },
        only({ ...state, overlay: null }),
      );
    case "confirm":
      return only({ ...state, overlay: { kind: "confirm", question: outcome.question, effect: outcome.effect } });
    case "change":
      return only({ ...state, overlay: null, ...outcome.change }, ...(outcome.effects ?? []));
    case "wrong":
      return tell(state, outcome.reason);
    default:
      return unreachable(outcome);
  }
}

export function askHost(state: ViewState, effect: Effect): Reduced {
  if (effect.kind !== "ask") {
    return only({ ...state, isStopping: state.isStopping || effect.kind === "stop" }, effect);
  }
  const id = state.askedCount + 1;
  const asking = [...state.asking, { id, words: effect.command }];
  const next = { ...state, asking, askedCount: id, lastCommand: effect.command, message: null };
  return only(next, { ...effect, id });
}
