/**
 * Every key of the dashboard: what it is called, where it works, and what it does. The footer, the help and the table in
 * the docs are made from this, and a key that is not here does nothing.
 */
import type { View } from "./view-state.ts";

export type Action =
  | "view1"
  | "view2"
  | "view3"
  | "view4"
  | "view5"
  | "view6"
  | "nextView"
  | "previousView"
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "first"
  | "last"
  | "enter"
  | "back"
  | "filter"
  | "sort"
  | "logs"
  | "restart"
  | "stopOrStart"
  | "kill"
  | "pauseOrResume"
  | "scaleUp"
  | "scaleDown"
  | "produce"
  | "checkpoint"
  | "copy"
  | "page"
  | "follow"
  | "wrap"
  | "timestamps"
  | "nextMatch"
  | "previousMatch"
  | "logFilter"
  | "logInverse"
  | "clear"
  | "mark"
  | "pauseLog"
  | "nextLog"
  | "previousLog"
  | "theme"
  | "palette"
  | "help"
  | "leave"
  | "quit"
  | "interrupt"
  | "suspend";

/** Where a key works: in a view, or in the detail of a resource. */
export type Place = View | "detail";

export interface Binding {
  readonly action: Action;
  /** As `nameKey` gives them. */
  readonly keys: readonly string[];
  /** For the footer. */
  readonly label: string;
  readonly help: string;
  /** Null: everywhere. */
  readonly places: readonly Place[] | null;
  /** The lower, the sooner it has room in the footer; null: only in the help. */
  readonly rank: number | null;
}

const RESOURCES: readonly Place[] = ["overview", "resources", "detail"];
const LOG: readonly Place[] = ["logs"];
/** What is a list of lines. */
const FILTERED: readonly Place[] = ["overview", "resources", "logs", "checks", "events"];

const binding = (
  action: Action,
  keys: readonly string[],
  label: string,
  help: string,
  places: readonly Place[] | null,
  rank: number | null,
): Binding => ({ action, keys, label, help, places, rank });

export const BINDINGS: readonly Binding[] = [
  binding("view1", ["1"], "overview", "Overview", null, null),
  binding("view2", ["2"], "resources", "Resources", null, null),
  binding("view3", ["3"], "logs", "Logs", null, null),
  binding("view4", ["4"], "metrics", "Metrics", null, null),
  binding("view5", ["5"], "checks", "Checks of the verdict", null, null),
  binding("view6", ["6"], "events", "Events", null, null),
  binding("nextView", ["tab"], "next view", "the next view", null, 7),
  binding("previousView", ["shift+tab"], "previous view", "the view before", null, null),
  binding("down", ["j", "down"], "move", "down", null, null),
  binding("up", ["k", "up"], "move", "up", null, null),
  binding("pageDown", ["pagedown", "ctrl+d"], "page", "a page down", null, null),
  binding("pageUp", ["pageup", "ctrl+u"], "page", "a page up", null, null),
  binding("first", ["g", "home"], "first", "to the first", null, null),
  binding("last", ["G", "end"], "last", "to the last, in a log also to follow it", null, null),
  binding("enter", ["enter"], "open", "open what is selected: a resource, or the group of TaskManagers", RESOURCES, 3),
  binding("back", ["esc"], "back", "back, and away with a filter or a message", null, 4),
  binding("filter", ["/"], "filter", "show only what has this text; in a log, search for it", FILTERED, 5),
  binding("sort", ["o"], "order", "order by name, CPU, memory, rate or lag", ["resources", "overview", "metrics"], 9),
  binding("logs", ["l"], "logs", "the log of what is selected", RESOURCES, 6),
  binding("restart", ["r"], "restart", "restart it", RESOURCES, 10),
  binding("stopOrStart", ["s"], "stop/start", "stop it, or start it again", RESOURCES, 11),
  binding("kill", ["x"], "kill", "kill it (SIGKILL), as asked and no fault", RESOURCES, 12),
  binding("pauseOrResume", ["p"], "pause", "pause it (SIGSTOP), or resume it", RESOURCES, 13),
  binding("scaleUp", ["+", "="], "scale", "more TaskManagers", null, null),
  binding("scaleDown", ["-"], "scale", "fewer TaskManagers", null, null),
  binding("produce", ["P"], "produce", "produce more messages", null, 14),
  binding("checkpoint", ["C"], "checkpoint", "take a checkpoint now", null, null),
  binding("copy", ["y"], "copy", "copy an address, a line or the command, by the terminal (OSC 52)", null, 15),
  binding("page", ["O"], "pager", "open its log file in $PAGER", ["detail", "resources"], 16),
  binding("page", ["o"], "pager", "open the log file in $PAGER", LOG, 7),
  binding("follow", ["f"], "follow", "follow the end of the log, or stop following", LOG, 3),
  binding("nextMatch", ["n"], "next", "the next match", LOG, 6),
  binding("previousMatch", ["N"], "previous", "the match before", LOG, null),
  binding("logFilter", ["F"], "only", "show only lines with this text", LOG, 8),
  binding("logInverse", ["!"], "without", "turn that around: only lines without it", LOG, 9),
  binding("wrap", ["w"], "wrap", "wrap long lines, or cut them", LOG, 10),
  binding("timestamps", ["t"], "times", "show the time of each line", LOG, 11),
  binding("pauseLog", ["space"], "hold", "hold the log still, or go on", LOG, 12),
  binding("clear", ["c"], "clear", "show only what comes from now on; Esc brings the rest back", LOG, null),
  binding("mark", ["m"], "mark", "draw a rule beneath the last line", LOG, null),
  binding("nextLog", ["right", "]"], "next log", "the log of the next resource", LOG, 13),
  binding("previousLog", ["left", "["], "log before", "the log of the resource before, or of all", LOG, null),
  binding("theme", ["T"], "theme", "colours for a dark or for a light terminal", null, null),
  binding("palette", [":"], "command", "type a command, with the words of the command line", null, 2),
  binding("help", ["?"], "help", "all keys", null, 1),
  binding("leave", ["d"], "leave", "leave, and let the run go on; `flink-apphost attach` comes back", null, 17),
  binding("quit", ["q"], "quit", "stop the run, kill it, or leave it", null, 0),
  binding("interrupt", ["ctrl+c"], "stop", "stop the run in order; once more kills everything at once", null, null),
  binding("suspend", ["ctrl+z"], "shell", "to the shell, and back by fg; the run goes on", null, null),
];

export function findAction(key: string, place: Place): Action | undefined {
  return BINDINGS.find(({ keys, places }) => keys.includes(key) && (places === null || places.includes(place)))?.action;
}

const LABELS: Readonly<Record<string, string>> = { esc: "Esc", enter: "Enter", tab: "Tab", space: "Space" };

export const labelKey = (key: string): string => LABELS[key] ?? key;

/** For the footer: most needed first. */
export const listFooterBindings = (place: Place): readonly Binding[] =>
  BINDINGS.filter(({ places, rank }) => rank !== null && (places === null || places.includes(place))).sort(
    (a, b) => (a.rank ?? 0) - (b.rank ?? 0),
  );

interface PressedKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageUp: boolean;
  readonly pageDown: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly tab: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly shift: boolean;
  readonly ctrl: boolean;
  readonly meta: boolean;
  /** Undefined: told in the old form, without modifiers. */
  readonly eventType?: "press" | "repeat" | "release" | undefined;
}

const NAMES: readonly (readonly [Exclude<keyof PressedKey, "eventType">, string])[] = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "esc"],
  // Terminals send one or the other for the same key.
  ["backspace", "backspace"],
  ["delete", "backspace"],
];

/**
 * A name for each key that was pressed, from what Ink says of it. A terminal that was slow, or typed very fast, gives
 * several keys at once, and Ink takes apart only those that begin with Escape. Escape and another key at once look like
 * Alt and that key, which is no key here: they are the two that they are.
 */
export function nameKeys(input: string, key: PressedKey): readonly string[] {
  const names = nameWithoutAlt(input, key);
  return key.meta && !isNewForm(key) && names.length > 0 ? ["esc", ...names] : names;
}

/** `ESC [ 1 ; 3 A`: a modifier that the terminal itself tells of, which two keys at once never have. */
const isNewForm = ({ eventType }: PressedKey): boolean => eventType !== undefined;

function nameWithoutAlt(input: string, key: PressedKey): readonly string[] {
  if (key.tab) return [key.shift ? "shift+tab" : "tab"];
  const named = NAMES.find(([flag]) => key[flag]);
  if (named !== undefined) return [named[1]];
  // A function key, which Ink knows by a name that it keeps to itself.
  if (input === "") return [];
  return key.ctrl ? [`ctrl+${input}`] : [...input].map(nameCharacter);
}

const CHARACTERS: Readonly<Record<string, string>> = { " ": "space", "\r": "enter", "\n": "enter", "\t": "tab" };

/** Control characters have the code of their letter without the highest bits. */
function nameCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return CHARACTERS[character] ?? (code < 0x20 ? `ctrl+${String.fromCharCode(code + 0x60)}` : character);
}
