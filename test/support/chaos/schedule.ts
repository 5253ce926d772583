/**
 * A run with its faults, as data, and how it is told. Which one a seed gives is in `schedule-choice.ts`.
 */
/** `quick` for every day, `full` for an evidence of many runs. */
export type ScheduleSize = "quick" | "full";

/** When a fault begins: at a condition of the run, and then some time that is part of the choice. */
export interface Moment {
  readonly at:
    | { readonly kind: "phase"; readonly phase: "job" | "draining" | "validating" }
    | { readonly kind: "acknowledged" | "processed"; readonly percent: number }
    /** While the host holds, just before it validates; the hold ends when all such faults have begun. */
    | { readonly kind: "hold" };
  readonly thenMs: number;
}

export type BrokerChoice =
  | { readonly kind: "node"; readonly nodeId: number }
  | { readonly kind: "leader"; readonly p: number };

export type Fault =
  | { readonly kind: "kill"; readonly targets: readonly string[] }
  | { readonly kind: "pause"; readonly targets: readonly string[]; readonly forMs: number }
  | { readonly kind: "killBroker"; readonly broker: BrokerChoice; readonly forMs: number }
  | { readonly kind: "pauseBroker"; readonly broker: BrokerChoice; readonly forMs: number }
  /** It sleeps through the rest of the run, and wakes up while the validator reads: so long after the hold before it. */
  | { readonly kind: "pauseUntilValidation"; readonly broker: BrokerChoice; readonly thenMs: number }
  | { readonly kind: "killRedis" | "pauseRedis"; readonly forMs: number }
  | { readonly kind: "cut"; readonly server: "kafka" | "redis" }
  | { readonly kind: "verbs"; readonly commands: readonly (readonly string[])[] }
  | { readonly kind: "moveLeaders"; readonly partitions: readonly number[] };

export interface PlannedFault {
  readonly moment: Moment;
  readonly fault: Fault;
}

/** The run writes its own topic, or counts one that is there, part of which was written while a leader slept. */
export type Load =
  | { readonly kind: "produce"; readonly messages: number; readonly rate: number }
  | {
      readonly kind: "count";
      readonly messages: number;
      /** So many are written before that broker is paused; the rest after others lead. Null: nobody is paused. */
      readonly paused: {
        readonly after: number;
        readonly broker: BrokerChoice;
        readonly resumedAfterMs: number;
      } | null;
    };

export interface Schedule {
  readonly seed: number;
  readonly brokers: number;
  readonly size: ScheduleSize;
  readonly load: Load;
  readonly taskManagers: number;
  readonly checkpointIntervalMs: number;
  readonly faults: readonly PlannedFault[];
}

export const PARTITIONS = 20;

/** Whether the run has to hold before its validation, for a fault that begins or ends there. */
export const holdsBeforeValidation = ({ faults }: Schedule): boolean =>
  faults.some(({ moment, fault }) => moment.at.kind === "hold" || fault.kind === "pauseUntilValidation");

/** In one line, for a log. */
export function describeSchedule({ brokers, load, taskManagers, checkpointIntervalMs, faults }: Schedule): string {
  return [
    `${brokers} broker${brokers === 1 ? "" : "s"}, ${taskManagers} TaskManagers, checkpoint ${checkpointIntervalMs} ms`,
    describeLoad(load),
    ...faults.map(describePlanned),
  ].join(" | ");
}

function describeLoad(load: Load): string {
  if (load.kind === "produce") return `produce ${load.messages} at ${load.rate}/s`;
  const { messages, paused } = load;
  if (paused === null) return `count ${messages}`;
  const { after, broker, resumedAfterMs } = paused;
  return `count ${messages}, after ${after} ${describeBroker(broker)} sleeps, until ${resumedAfterMs} ms after the start`;
}

export function describePlanned({ moment: { at, thenMs }, fault }: PlannedFault): string {
  const when = "percent" in at ? `${at.percent}% ${at.kind}` : at.kind === "phase" ? at.phase : at.kind;
  return `${when}${thenMs === 0 ? "" : ` +${thenMs} ms`}: ${describeFault(fault)}`;
}

const describeBroker = (broker: BrokerChoice): string =>
  broker.kind === "node" ? `broker ${broker.nodeId}` : `the leader of ${broker.p}`;

function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case "kill":
      return `kill ${fault.targets.join(",")}`;
    case "pause":
      return `pause ${fault.targets.join(",")} for ${fault.forMs} ms`;
    case "killBroker":
      return `kill ${describeBroker(fault.broker)} for ${fault.forMs} ms`;
    case "pauseBroker":
      return `pause ${describeBroker(fault.broker)} for ${fault.forMs} ms`;
    case "pauseUntilValidation":
      return `pause ${describeBroker(fault.broker)} until ${fault.thenMs} ms after the hold`;
    case "killRedis":
      return `kill redis for ${fault.forMs} ms`;
    case "pauseRedis":
      return `pause redis for ${fault.forMs} ms`;
    case "cut":
      return `cut the connections to ${fault.server}`;
    case "verbs":
      return fault.commands.map((command) => command.join(" ")).join(", ");
    case "moveLeaders":
      return `move the leaders of ${fault.partitions.join(",")}`;
  }
}
