/**
 * From a seed to a run with its faults. Pure: the same seed, number of brokers and size always give the same schedule;
 * what the machine makes of it in time is the machine's.
 */
import { taskManagers } from "../faults.ts";
import { createRandom } from "../script-walk.ts";
import {
  type BrokerChoice,
  type Fault,
  type Load,
  type Moment,
  PARTITIONS,
  type PlannedFault,
  type Schedule,
  type ScheduleSize,
} from "./schedule.ts";

/** Bounds of what is chosen, both ends included. */
const SIZES = {
  quick: {
    messages: [60_000, 160_000],
    seconds: [4, 6],
    count: [200_000, 400_000],
    faults: [2, 3],
    pauseMs: [500, 4_000],
  },
  full: {
    messages: [500_000, 1_500_000],
    seconds: [10, 25],
    count: [1_000_000, 2_500_000],
    faults: [2, 4],
    pauseMs: [500, 12_000],
  },
} as const satisfies Record<ScheduleSize, unknown>;
/** A server that was killed needs some seconds of its own to come back. */
const KILLED_FOR_MS = [0, 6_000] as const;
const THEN_MS_MAX = 1_000;

interface Choice {
  readonly between: (bounds: readonly [number, number]) => number;
  readonly pick: <T>(items: readonly T[]) => T;
  readonly isOneOf: (n: number) => boolean;
}

function createChoice(seed: number): Choice {
  const below = createRandom(seed);
  return {
    between: ([from, to]) => from + below(to - from + 1),
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    isOneOf: (n) => below(n) === 0,
  };
}

export function createSchedule(seed: number, brokers: number, size: ScheduleSize): Schedule {
  const choice = createChoice(seed);
  const bounds = SIZES[size];
  const load = choice.isOneOf(5) ? chooseCount(choice, brokers, size) : chooseProduce(choice, size);
  const taskManagerCount = choice.between([3, 8]);
  const faults: PlannedFault[] = [];
  for (let missing = choice.between(bounds.faults); missing > 0; missing -= 1) {
    const moment = chooseMoment(choice, load);
    // Several brokers are there to have their leaders paused and killed, so each schedule has such a fault.
    const kinds = faults.length === 0 && brokers > 1 ? brokerKindsFor(load, moment) : kindsFor(load, brokers, moment);
    const others = kinds.filter((kind) => faults.every(({ fault }) => fault.kind !== kind));
    const kind = choice.pick(others.length > 0 ? others : kinds);
    faults.push({ moment, fault: chooseFault(choice, kind, { load, brokers, size, moment, taskManagerCount }) });
  }
  return {
    seed,
    brokers,
    size,
    load,
    taskManagers: taskManagerCount,
    checkpointIntervalMs: choice.between([2, 10]) * 100,
    faults,
  };
}

function chooseProduce(choice: Choice, size: ScheduleSize): Load {
  const messages = choice.between(SIZES[size].messages);
  const seconds = choice.between(SIZES[size].seconds);
  return { kind: "produce", messages, rate: Math.round(messages / seconds) };
}

function chooseCount(choice: Choice, brokers: number, size: ScheduleSize): Load {
  const messages = choice.between(SIZES[size].count);
  const isPaused = brokers > 1 && !choice.isOneOf(4);
  const after = Math.round((messages * choice.between([5, 50])) / 100);
  const broker = chooseSleeper(choice, brokers);
  const resumedAfterMs = choice.between([0, 9_000]);
  return { kind: "count", messages, paused: isPaused ? { after, broker, resumedAfterMs } : null };
}

function chooseMoment(choice: Choice, load: Load): Moment {
  const thenMs = choice.between([0, THEN_MS_MAX]);
  const percent = choice.between([2, 95]);
  const acknowledged = load.kind === "produce" ? (["acknowledged", "acknowledged"] as const) : [];
  const kind = choice.pick([...acknowledged, "processed", "processed", "phase", "hold"] as const);
  switch (kind) {
    case "acknowledged":
    case "processed":
      return { at: { kind, percent }, thenMs };
    case "hold":
      // The validator begins at the hold's end and is done in a second or two, so the fault begins before it.
      return { at: { kind }, thenMs: 0 };
    case "phase": {
      const phases =
        load.kind === "produce" ? (["job", "draining", "validating"] as const) : (["job", "validating"] as const);
      const phase = choice.pick(phases);
      // Both of the others are over in a second.
      return { at: { kind, phase }, thenMs: phase === "job" ? thenMs : Math.round(thenMs / 5) };
    }
  }
}

type FaultKind = Fault["kind"];
const BROKER_KINDS: readonly FaultKind[] = ["killBroker", "pauseBroker", "pauseBroker"];
const SERVER_KINDS: readonly FaultKind[] = [...BROKER_KINDS, "killRedis", "pauseRedis", "pauseRedis", "cut", "cut"];
const PROCESS_KINDS: readonly FaultKind[] = ["kill", "kill", "kill", "pause", "pause", "pause", "verbs", "verbs"];

/** Of several brokers; a lone one cannot sleep while the run goes on. */
function brokerKindsFor(load: Load, { at }: Moment): readonly FaultKind[] {
  return load.kind === "produce" && "percent" in at ? [...BROKER_KINDS, "pauseUntilValidation"] : BROKER_KINDS;
}

function kindsFor(load: Load, brokers: number, { at }: Moment): readonly FaultKind[] {
  const moves: readonly FaultKind[] = brokers > 1 ? ["moveLeaders", "moveLeaders"] : [];
  if (at.kind === "hold") return [...SERVER_KINDS, ...moves];
  if (at.kind === "phase" && at.phase === "validating") return [...SERVER_KINDS, ...moves, "kill", "pause"];
  // A short run that counts has hardly time for anything but servers; it is about those.
  return load.kind === "count"
    ? [...SERVER_KINDS, ...moves, "kill", "pause"]
    : [...SERVER_KINDS, ...moves, ...PROCESS_KINDS];
}

interface Circumstances {
  readonly load: Load;
  readonly brokers: number;
  readonly size: ScheduleSize;
  readonly moment: Moment;
  readonly taskManagerCount: number;
}

function chooseFault(choice: Choice, kind: FaultKind, circumstances: Circumstances): Fault {
  const { brokers, size } = circumstances;
  const pauseMs = SIZES[size].pauseMs;
  switch (kind) {
    case "kill":
      return { kind, targets: chooseTargets(choice, circumstances) };
    case "pause":
      return { kind, targets: chooseTargets(choice, circumstances), forMs: choice.between(pauseMs) };
    case "killBroker":
    case "pauseBroker": {
      const forMs = choice.between(kind === "killBroker" ? KILLED_FOR_MS : pauseMs);
      return { kind, broker: chooseBroker(choice, brokers), forMs };
    }
    case "pauseUntilValidation":
      return { kind, broker: chooseSleeper(choice, brokers), thenMs: choice.between([0, 3_000]) };
    case "killRedis":
      return { kind, forMs: choice.between(KILLED_FOR_MS) };
    case "pauseRedis":
      return { kind, forMs: choice.between(pauseMs) };
    case "cut":
      return { kind, server: choice.pick(["kafka", "redis"]) };
    case "verbs":
      return { kind, commands: chooseCommands(choice, circumstances) };
    case "moveLeaders":
      return {
        kind,
        partitions: [...new Set(Array.from({ length: 8 }, () => choice.between([0, PARTITIONS - 1])))].sort(
          (a, b) => a - b,
        ),
      };
  }
}

function chooseBroker(choice: Choice, brokers: number): BrokerChoice {
  return choice.isOneOf(3)
    ? { kind: "node", nodeId: choice.between([1, brokers]) }
    : { kind: "leader", p: choice.between([0, PARTITIONS - 1]) };
}

/** Half of them are the first address that the run is given, which clients without memory ask first. */
function chooseSleeper(choice: Choice, brokers: number): BrokerChoice {
  return choice.isOneOf(2) ? { kind: "node", nodeId: 1 } : chooseBroker(choice, brokers);
}

function chooseTargets(choice: Choice, { load, moment, taskManagerCount }: Circumstances): readonly string[] {
  if (moment.at.kind === "phase" && moment.at.phase === "validating") return ["validator"];
  const all = taskManagers(taskManagerCount);
  const some = all.filter(() => choice.isOneOf(2));
  const groups = [
    [choice.pick(all)],
    some.length === 0 ? all : some,
    ["jobmanager"],
    ["flink-job-simulator"],
    ...(load.kind === "produce" ? [["producer"], ["producer"]] : []),
    ["jobmanager", ...some],
  ];
  return choice.pick(groups);
}

function chooseCommands(choice: Choice, { taskManagerCount }: Circumstances): readonly (readonly string[])[] {
  const one = choice.pick(taskManagers(taskManagerCount));
  return choice.pick([
    [["restart", choice.pick([one, "taskmanager", "jobmanager", "flink-job-simulator"])]],
    [
      ["stop", one],
      ["start", one],
    ],
    [["scale", "taskmanager", String(choice.between([1, 10]))]],
    [
      ["scale", "taskmanager", String(choice.between([1, 10]))],
      ["scale", "taskmanager", String(choice.between([1, 10]))],
    ],
  ]);
}
