/**
 * What a person has opened, selected and typed: everything on the screen that is not the run's. Pure.
 *
 * U1 A selection is a name and not a place: what is selected stays selected while the list around it changes.
 * U2 An overlay has all keys until it is closed; the view below it stays as it was.
 * U3 Nothing dies by one key: what ends a process is confirmed, in an overlay that names it.
 */
import type { ControlRequest } from "../../control/protocol.ts";
import type { ResourceDescription } from "../../model/description.ts";
import type { ThemeName } from "../../options.ts";
import type { LogIntent } from "../logs/log-view-state.ts";

export const VIEWS = ["overview", "resources", "logs", "metrics", "checks", "events"] as const;
export type View = (typeof VIEWS)[number];

export const SORTS = ["name", "cpu", "memory", "rate", "lag"] as const;
export type Sort = (typeof SORTS)[number];

/** What a typed line is for. */
export type InputPurpose = "filter" | "logSearch" | "logFilter";

export type Overlay =
  | { readonly kind: "help"; readonly top: number }
  | { readonly kind: "palette"; readonly text: string; readonly at: number }
  | { readonly kind: "input"; readonly purpose: InputPurpose; readonly text: string }
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "confirm"; readonly question: string; readonly effect: Effect }
  | { readonly kind: "copy"; readonly choices: readonly CopyChoice[] }
  | { readonly kind: "quit" };

export interface CopyChoice {
  readonly key: string;
  readonly what: string;
  readonly text: string;
}

/** An answer, or why there is none. */
export interface Message {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
}

export interface ViewState {
  readonly view: View;
  /** Name of the resource whose detail is open; null: the list is. */
  readonly detail: string | null;
  /** Name of a resource or of a group; null before anything was selected. */
  readonly selected: string | null;
  readonly isGroupOpen: boolean;
  readonly sort: Sort;
  /** By view; a view without one shows all. */
  readonly filters: Readonly<Partial<Record<View, string>>>;
  /** Rows that a view is scrolled: from the top, and in Events from the newest. */
  readonly scrolled: Readonly<Partial<Record<View | "detail", number>>>;
  /** Whose logs are shown: names of resources and of groups; empty for all. */
  readonly logNames: readonly string[];
  readonly overlay: Overlay | null;
  readonly message: Message | null;
  /** What was asked of the host and is not answered yet, in words. */
  readonly asking: readonly { readonly id: number; readonly words: string }[];
  readonly askedCount: number;
  /** The verb of the command line that does what was asked last; null before anything was. */
  readonly lastCommand: string | null;
  /** By name; what the host said when a detail was opened last. */
  readonly descriptions: readonly ResourceDescription[];
  readonly isStopping: boolean;
  readonly theme: ThemeName;
}

export const createViewState = (theme: ThemeName): ViewState => ({
  view: "overview",
  detail: null,
  selected: null,
  isGroupOpen: false,
  sort: "name",
  filters: {},
  scrolled: {},
  logNames: [],
  overlay: null,
  message: null,
  asking: [],
  askedCount: 0,
  lastCommand: null,
  descriptions: [],
  isStopping: false,
  theme,
});

/** What is to be done outside of the state. Whoever runs it gives the answer back as an input. */
export type Effect =
  | {
      readonly kind: "ask";
      readonly request: ControlRequest;
      /** The same as a command of the command line, without `flink-apphost` and `--run`. */
      readonly command: string;
      /** Of the question, for its answer; 0 before it was asked. */
      readonly id: number;
    }
  | { readonly kind: "copy"; readonly what: string; readonly text: string }
  | { readonly kind: "log"; readonly intent: LogIntent }
  /** The newest file of what the Logs view shows, in the user's pager. */
  | { readonly kind: "page"; readonly resource: string }
  /** The descriptions of all resources, for a detail. */
  | { readonly kind: "describe" }
  | { readonly kind: "stop" }
  | { readonly kind: "kill" }
  | { readonly kind: "leave" }
  | { readonly kind: "suspend" };

export type Input =
  | { readonly type: "key"; readonly key: string }
  | { readonly type: "paste"; readonly text: string }
  /** The host took the request, and says what it waits for. */
  | { readonly type: "accepted"; readonly id: number; readonly words: string }
  | { readonly type: "answered"; readonly id: number; readonly message: Message }
  | { readonly type: "told"; readonly message: Message }
  | { readonly type: "described"; readonly resources: readonly ResourceDescription[] };
