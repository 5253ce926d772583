/**
 * The cells of the stop-each-process walk: each kind of process at each phase in which it lives, and the right end. A run
 * ends with its verdict; a host that is idle is asked to end once the process was replaced.
 */
import type { HostEvent } from "../../../simulator/common/contract/events.ts";
import { unreachable } from "../../../simulator/common/foundation/assert.ts";

const PHASES = [
  "starting",
  "producing",
  "draining",
  "stopping the job",
  "validating",
  "reporting",
  "taking down",
  "idle",
] as const;
type Phase = (typeof PHASES)[number];

/** By resource name. A TaskManager stands for all. */
type Target =
  | "kafka"
  | "redis"
  | "jobmanager"
  | "taskmanager-01"
  | "flink-job-simulator"
  | "producer"
  | "validator"
  | "report"
  | "watchdog";

export interface Cell {
  readonly target: Target;
  readonly phase: Phase;
}

const LIVES: Readonly<Record<Target, readonly Phase[]>> = {
  kafka: PHASES,
  redis: PHASES,
  jobmanager: PHASES,
  "taskmanager-01": PHASES,
  // In a run that ends with its verdict it ends with the job.
  "flink-job-simulator": ["starting", "producing", "draining", "stopping the job", "idle"],
  // At the draining it has said its last word, and ends.
  producer: ["starting", "producing", "draining"],
  validator: ["starting", "validating"],
  report: ["starting", "reporting"],
  watchdog: PHASES,
};

export const CELLS: readonly Cell[] = Object.entries(LIVES).flatMap(([target, phases]) =>
  phases.map((phase) => ({ target: target as Target, phase })),
);

export const nameCell = ({ target, phase }: Cell): string => `${target}, ${phase}`;

/** The verdict is settled: nothing that happens from here on changes it. */
const isSettled = ({ target, phase }: Cell): boolean =>
  phase === "reporting" || phase === "taking down" || (target === "report" && phase === "starting");

/** How a person ends the host right after the stop of the process: not at all, by Ctrl+C, by Ctrl+C twice. */
export type Interrupts = 0 | 1 | 2;

export type Infra = "embedded" | "native";

/**
 * The embedded Kafka holds the only copy of the records: without it there is no verdict until the topic was re-read, and
 * after that nobody needs it. A server that never answered is not started again, and a native one cannot be asked. All
 * the rest is replaced.
 */
export function expectExit(cell: Cell, interrupts: Interrupts, infra: Infra): number {
  const { target, phase } = cell;
  if (interrupts === 2) return 130;
  if (isSettled(cell)) return 0;
  if (interrupts === 1) return 130;
  const isLost = target === "kafka" || (target === "redis" && (phase === "starting" || infra === "native"));
  return isLost ? 3 : 0;
}

/** Whether the phase begins for the target with this event. */
export function isBegin({ target, phase }: Cell, event: HostEvent): boolean {
  const isOf = (name: string, state: string) =>
    event.type === "resource" && event.name === name && event.state === state && event.pid !== null;
  switch (phase) {
    case "starting":
      // The watchdog is there before anything is told.
      return target === "watchdog" ? event.type === "run" : isOf(target, "starting");
    case "producing":
      return event.type === "progress" && event.processed > 0;
    case "draining":
      return event.type === "phase" && event.phase === "draining";
    case "stopping the job":
      return event.type === "waiting" && event.for.includes("final checkpoint");
    case "validating":
      return target === "validator" ? isOf(target, "running") : event.type === "phase" && event.phase === "validating";
    case "reporting":
      return isOf("report", target === "report" ? "running" : "starting");
    case "taking down":
      return event.type === "phase" && event.detail === "taking down";
    case "idle":
      return event.type === "phase" && event.phase === "idle";
    default:
      return unreachable(phase);
  }
}

/** Whether another process has taken the place of the stopped one, and serves. */
export function isReplaced({ target }: Cell, event: HostEvent): boolean {
  if (event.type === "notice") return target === "watchdog" && event.resource === "watchdog";
  return event.type === "resource" && event.name === target && event.state === "running" && event.restarts > 0;
}
