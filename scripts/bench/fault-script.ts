/**
 * The same faults in the same order for every engine, while a run goes on: SIGKILL from outside, each when its share of
 * the messages is in Kafka and the fault before it is over.
 *
 *   (waiting for the share) → killed → recovered → (waiting for the next share)
 *
 * K1 `recoveredMs` is the report's own figure: until the resource serves and, on Apache Flink, the job runs again with all
 *    subtasks.
 * K2 `appliedMs` means the same on every engine: until more messages are applied than were in Kafka when the process was
 *    killed, and so some that came later. It is read from the progress events, which come once a second, and on Apache
 *    Flink messages are applied with a checkpoint, so without a fault it would be one to two seconds there.
 */
import type { HostEvent, ProgressEvent } from "../../simulator/common/contract/events.ts";
import type { Fault } from "../../simulator/common/contract/files/report.ts";
import type { Figures } from "./suite.ts";

interface PlannedKill {
  readonly target: string;
  /** Of the messages of the run, when they are in Kafka. */
  readonly share: number;
}

export const KILLS: readonly PlannedKill[] = [
  { target: "taskmanager-01", share: 0.1 },
  { target: "jobmanager", share: 0.35 },
  { target: "redis", share: 0.6 },
  { target: "kafka", share: 0.75 },
];

interface Killed {
  readonly target: string;
  readonly atUs: number;
  readonly produced: number;
  recoveredMs: number | null;
  appliedMs: number | null;
}

export class FaultScript {
  readonly #messages: number;
  readonly #kill: (pid: number) => void;
  readonly #pids = new Map<string, number | null>();
  readonly #killed: Killed[] = [];

  constructor(messages: number, kill: (pid: number) => void) {
    this.#messages = messages;
    this.#kill = kill;
  }

  /** Every event of the run. */
  take(event: HostEvent): void {
    if (event.type === "resource") this.#pids.set(event.name, event.pid);
    else if (event.type === "fault") this.#noteRecovery(event.fault);
    else if (event.type === "progress") this.#noteProgress(event, event.atUs);
  }

  get killed(): readonly Readonly<Killed>[] {
    return this.#killed;
  }

  /** The targets whose turn had not come when the run was over. */
  get missed(): readonly string[] {
    return KILLS.slice(this.#killed.length).map(({ target }) => target);
  }

  #noteRecovery({ target, planned, recoveredAfterMs }: Fault): void {
    const last = this.#killed.at(-1);
    if (last?.target === target && !planned) last.recoveredMs = recoveredAfterMs;
  }

  #noteProgress({ produced, processed }: ProgressEvent, atUs: number): void {
    for (const one of this.#killed) {
      if (one.appliedMs === null && processed > one.produced) one.appliedMs = (atUs - one.atUs) / 1_000;
    }
    const next = KILLS[this.#killed.length];
    const last = this.#killed.at(-1);
    if (next === undefined || produced < next.share * this.#messages || last?.recoveredMs === null) return;
    const pid = this.#pids.get(next.target) ?? null;
    if (pid === null) return;
    this.#killed.push({ target: next.target, atUs, produced, recoveredMs: null, appliedMs: null });
    this.#kill(pid);
  }
}

/** `taskmanagerRecoveredMs`, `taskmanagerAppliedMs` and so on. */
export const describeKills = (killed: readonly Readonly<Killed>[]): Figures =>
  Object.fromEntries(
    killed.flatMap(({ target, recoveredMs, appliedMs }) => {
      const [name] = target.split("-");
      return [
        [`${name}RecoveredMs`, recoveredMs],
        [`${name}AppliedMs`, appliedMs],
      ];
    }),
  );
