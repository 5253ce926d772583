/**
 * Which TaskManager or partition stands out from its peers, and whether it does so on both sides. All of them have the
 * same work, so one that is slower than the others has a reason. Pure.
 *
 * L1 Of several runs of a side the median of each one's values counts.
 * L2 One stands out when it is worse than the median of its peers by half of that median, by five scaled median absolute
 *    deviations of them, and by the least that matters of the measure. Fewer than three peers tell nothing.
 */
import type { RunMeasure } from "./run-measure.ts";
import { type Direction, deviationOf, median } from "./spread.ts";

export interface StandOut {
  /** `taskmanager-07`, `partition 3`. */
  readonly name: string;
  readonly measure: string;
  readonly unit: "perSecond" | "ms" | "us" | "count";
  readonly a: Beside | null;
  readonly b: Beside | null;
  /** On which side it stands out. */
  readonly side: "a" | "b" | "both";
}

/** A value, and what its peers have. */
export interface Beside {
  readonly value: number;
  readonly peers: number;
}

interface Measure {
  readonly title: string;
  readonly unit: StandOut["unit"];
  readonly better: Direction;
  /** A smaller difference does not matter, whatever share it is. */
  readonly least: number;
  readonly read: (run: RunMeasure) => readonly (readonly [name: string, value: number | null])[];
}

const PEERS_MIN = 3;
const SHARE_MIN = 0.5;
const DEVIATIONS_MIN = 5;

type Load = RunMeasure["taskManagers"][number];

const ofTaskManagers =
  (read: (load: Load) => number | null): Measure["read"] =>
  ({ taskManagers }) =>
    taskManagers.map((load) => [load.name, read(load)]);

const ofPartitions =
  (read: (partition: RunMeasure["partitions"][number]) => number | null): Measure["read"] =>
  ({ partitions }) =>
    partitions.map((partition) => [`partition ${partition.p}`, read(partition)]);

const MEASURES: readonly Measure[] = [
  {
    title: "latency p50",
    unit: "ms",
    better: "lower",
    least: 2,
    read: ofTaskManagers(({ p50Ms }) => p50Ms),
  },
  {
    title: "latency p99",
    unit: "ms",
    better: "lower",
    least: 10,
    read: ofTaskManagers(({ p99Ms }) => p99Ms),
  },
  {
    title: "rate",
    unit: "perSecond",
    better: "higher",
    least: 1,
    read: ofTaskManagers(({ perSecond }) => perSecond),
  },
  {
    title: "CPU per message",
    unit: "us",
    better: "lower",
    least: 1,
    read: ofTaskManagers(({ cpuUsPerMessage }) => cpuUsPerMessage),
  },
  {
    title: "messages",
    unit: "count",
    better: "lower",
    least: 1,
    read: ofTaskManagers(({ processed }) => processed),
  },
  {
    title: "records",
    unit: "count",
    better: "lower",
    least: 1,
    read: ofPartitions(({ records }) => records),
  },
  {
    title: "largest lag",
    unit: "ms",
    better: "lower",
    least: 100,
    read: ofPartitions(({ lagMsMax }) => lagMsMax),
  },
];

/** In the order of the measures, and within one by name. */
export function findStandOuts(a: readonly RunMeasure[], b: readonly RunMeasure[]): StandOut[] {
  return MEASURES.flatMap((measure) => {
    const [ofA, ofB] = [mergeRuns(a, measure), mergeRuns(b, measure)];
    const names = [...new Set([...ofA.keys(), ...ofB.keys()])];
    return names.flatMap((name): StandOut[] => {
      const [inA, inB] = [placeBeside(ofA, name), placeBeside(ofB, name)];
      const [isInA, isInB] = [standsOut(ofA, name, measure), standsOut(ofB, name, measure)];
      if (!isInA && !isInB) return [];
      const side = isInA && isInB ? "both" : isInA ? "a" : "b";
      return [{ name, measure: measure.title, unit: measure.unit, a: inA, b: inB, side }];
    });
  });
}

/** What one measure says of each TaskManager, or of each partition. */
export interface Loads {
  readonly measure: string;
  readonly unit: StandOut["unit"];
  /** L1, by name. */
  readonly a: ReadonlyMap<string, number>;
  readonly b: ReadonlyMap<string, number>;
}

/** In the order of the measures. */
export const listLoads = (a: readonly RunMeasure[], b: readonly RunMeasure[]): Loads[] =>
  MEASURES.map((measure) => ({
    measure: measure.title,
    unit: measure.unit,
    a: mergeRuns(a, measure),
    b: mergeRuns(b, measure),
  }));

/** L1. */
function mergeRuns(runs: readonly RunMeasure[], { read }: Measure): ReadonlyMap<string, number> {
  const values = new Map<string, number[]>();
  for (const [name, value] of runs.flatMap(read)) {
    if (value !== null) values.set(name, [...(values.get(name) ?? []), value]);
  }
  return new Map([...values].map(([name, all]) => [name, median(all) as number]));
}

const peersOf = (values: ReadonlyMap<string, number>, name: string): number[] =>
  [...values].filter(([other]) => other !== name).map(([, value]) => value);

function placeBeside(values: ReadonlyMap<string, number>, name: string): Beside | null {
  const value = values.get(name);
  const peers = median(peersOf(values, name));
  return value === undefined || peers === null ? null : { value, peers };
}

/** L2. */
function standsOut(values: ReadonlyMap<string, number>, name: string, { better, least }: Measure): boolean {
  const value = values.get(name);
  const peers = peersOf(values, name);
  if (value === undefined || peers.length < PEERS_MIN) return false;
  const middle = median(peers) as number;
  const worseBy = better === "lower" ? value - middle : middle - value;
  const reach = Math.max(SHARE_MIN * middle, DEVIATIONS_MIN * (deviationOf(peers) as number), least);
  return worseBy > reach;
}
