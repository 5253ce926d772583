/**
 * The one log that is open: that of the Logs view, or the tail in a resource's detail. While neither is on the screen,
 * nothing is read.
 *
 * N1 The Logs view is found as it was left: with its search, its filter and its place.
 */
import { LogController } from "./logs/log-controller.ts";
import type { LogIntent, LogViewState } from "./logs/log-view-state.ts";
import { startLogView } from "./logs/log-view-state.ts";
import type { Row } from "./rows.ts";
import type { Context } from "./state/outcomes.ts";
import { placeOf } from "./state/selection.ts";
import type { ViewState } from "./state/view-state.ts";

export interface WantedLog {
  readonly kind: "view" | "tail";
  readonly names: readonly string[];
}

/** Null: none is on the screen. */
export function wantedLog(state: ViewState): WantedLog | null {
  switch (placeOf(state)) {
    case "logs":
      return { kind: "view", names: state.logNames };
    case "detail":
      return { kind: "tail", names: state.detail === null ? [] : [state.detail] };
    default:
      return null;
  }
}

export interface OpenLogOptions {
  readonly colors: boolean;
  readonly unicode: boolean;
  readonly onChange: () => void;
}

export class OpenLog {
  readonly #options: OpenLogOptions;
  #open: { readonly wanted: WantedLog; readonly controller: LogController } | null = null;
  /** N1. */
  #left: LogViewState = startLogView([]);
  #closing: Promise<unknown> = Promise.resolve();

  constructor(options: OpenLogOptions) {
    this.#options = options;
  }

  show(runDir: string, wanted: WantedLog | null): void {
    const open = this.#open;
    const isSame = JSON.stringify(open?.wanted ?? null) === JSON.stringify(wanted);
    if (isSame) return;
    if (open !== null && open.wanted.kind === wanted?.kind) {
      open.controller.dispatch({ type: "source", names: wanted.names });
      this.#open = { ...open, wanted };
      return;
    }
    this.#leave();
    if (wanted === null) return;
    const { colors, unicode, onChange } = this.#options;
    const isAsLeft = wanted.kind === "view" && sameNames(this.#left.names, wanted.names);
    const state = isAsLeft ? this.#left : startLogView(wanted.names);
    const controller = new LogController({ runDir, state, colors, unicode, nowMs: Date.now });
    controller.subscribe(onChange);
    this.#open = { wanted, controller };
  }

  draw(rows: number, columns: number): readonly Row[] {
    return this.#open?.controller.render(rows, columns) ?? [];
  }

  dispatch(intent: LogIntent): void {
    this.#open?.controller.dispatch(intent);
  }

  get facts(): Context["log"] {
    const state = this.#open?.controller.state;
    if (state === undefined) return null;
    return {
      isSearched: state.search !== null,
      isFiltered: state.filter !== null,
      isCleared: state.clearedAt !== null,
    };
  }

  get currentLine(): string | null {
    return this.#open?.controller.currentLine?.line.text ?? null;
  }

  async close(): Promise<void> {
    this.#leave();
    await this.#closing;
  }

  #leave(): void {
    const open = this.#open;
    if (open === null) return;
    if (open.wanted.kind === "view") this.#left = open.controller.state;
    this.#open = null;
    this.#closing = Promise.all([this.#closing, open.controller.close()]);
  }
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();
