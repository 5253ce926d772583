/** The screens that are kept in `test/screens/`: which moment of which run, and what a person pressed to see it. */
import type { HostEvent } from "../../simulator/common/contract/events.ts";
import { type RecordedRun, readRecordedRun } from "./recorded-run.ts";

export const SIZES = ["60x15", "80x24", "120x40", "200x50"] as const;
export type Size = (typeof SIZES)[number];

export interface Scene {
  readonly name: string;
  readonly run: RecordedRun;
  readonly events: readonly HostEvent[];
  readonly steps: readonly Step[];
}

/** What is pressed, and what is on the screen after it: a key that comes before may be for another place. */
export interface Step {
  /** By tmux's names. */
  readonly keys: readonly string[];
  readonly until: RegExp;
}

const passed = readRecordedRun("passed");
const failed = readRecordedRun("failed");

/** Up to and with the first event that is so, or the one that is `more` events later. */
function until({ events }: RecordedRun, isLast: (event: HostEvent) => boolean, more = 0): readonly HostEvent[] {
  const at = events.findIndex(isLast);
  if (at < 0) throw new Error("no event of the recorded run is the end of this scene");
  return events.slice(0, at + 1 + more);
}

function untilProgressAfter({ events }: RecordedRun, isFirst: (event: HostEvent) => boolean): readonly HostEvent[] {
  const from = events.findIndex(isFirst);
  return events.slice(0, 1 + events.findIndex(({ type }, at) => at > from && type === "progress"));
}

const isState = (event: HostEvent, resource: string, state: string): boolean =>
  event.type === "resource" && event.name === resource && event.state === state;
const isKilled = (event: HostEvent): boolean => event.type === "fault" && event.fault.detail.includes("SIGKILL");
const isRestarted = (event: HostEvent): boolean => event.type === "resource" && event.restarts > 0;
const isVerdict = ({ type }: HostEvent): boolean => type === "verdict";
/** Twenty seconds of full load. */
const isLoaded = (event: HostEvent): boolean => event.type === "progress" && event.processed > 1_000_000;

const scene = (name: string, run: RecordedRun, events: readonly HostEvent[], ...steps: readonly Step[]): Scene => ({
  name,
  run,
  events,
  steps,
});

const press = (until: RegExp, ...keys: readonly string[]): Step => ({ keys, until });

export const SCENES: readonly Scene[] = [
  scene(
    "starting",
    passed,
    until(passed, (event) => isState(event, "taskmanager-12", "running")),
  ),
  scene("load", passed, until(passed, isLoaded)),
  scene("recovering", passed, until(passed, isRestarted)),
  scene(
    "logs-search",
    passed,
    passed.events,
    press(/ of 192/, "3"),
    press(/ lines 1-/, "g"),
    press(/taskmanager-07: m/, "/", ..."taskmanager-07", "Enter"),
  ),
  scene("detail", passed, passed.events, press(/LOG/, "/", ..."manager-07", "Enter", "Enter")),
  scene("map", passed, untilProgressAfter(passed, isKilled), press(/checkpoints/, "4")),
  scene(
    "validation",
    passed,
    until(passed, (event) => event.type === "check", 8),
    press(/CHECKS/, "5"),
  ),
  scene("passed", passed, passed.events),
  scene("failed", failed, until(failed, isVerdict)),
];
