/**
 * What a load would take, on paper: from the CPU time per message and the memory that the suite `engines` measured, and
 * from limits of machines and brokers that are assumed. An order of magnitude, and what breaks first. Pure.
 *
 * Y1 A message costs the same at any rate. What is measured at full speed on a small machine pays for compiling and for
 *    small batches, so it is rather too much; what machines say to each other over a network is not in it.
 * Y2 What can be added is counted; what is one by design is a limit. The lowest limit breaks first.
 * Y3 Nothing is planned to be full: USABLE_SHARE of each core, network and disk.
 */
import { PARTITIONS_MAX } from "../../simulator/common/contract/state/redis-state.ts";
import { median } from "../report/compare/spread.ts";
import type { Sample } from "./suite.ts";

/** Below that, most of what a message costs is the start of processes and their compiling. */
export const MESSAGES_MIN = 1_000_000;

/** What is assumed, and why. */
export const ASSUMED = {
  /** Room for peaks, and for going on after a fault. */
  usableShare: 0.6,
  /** Of every machine, and of every broker. */
  machine: { cores: 16, networkBytesPerSecond: 1.25e9, diskBytesPerSecond: 1e9 },
  /** Copies of each partition: what survives a broker. */
  replication: 3,
  /** Of a record in a batch of many. */
  recordOverheadBytes: 8,
  /** Written and replicated; a broker orders and locks each partition. */
  partitionBytesPerSecond: 10e6,
  /** Leaders and copies. */
  partitionsPerBroker: 4_000,
  /** Of a step of a job, Flink's own upper bound. */
  flinkParallelismMax: 32_768,
  coresPerTaskManager: { apphost: 1, flink: 4 },
} as const;

export type CapacityEngine = keyof typeof ASSUMED.coresPerTaskManager;

/** The case of the suite `engines` that an engine is planned from. */
const CASE_OF: Readonly<Record<CapacityEngine, string>> = { apphost: "engines/apphost", flink: "engines/flink-1" };

/** Medians over the rounds. */
export interface MeasuredCost {
  readonly engine: CapacityEngine;
  readonly rounds: number;
  /** Of a round. */
  readonly messages: number;
  readonly messageBytes: number;
  readonly cpuUs: {
    readonly engine: number;
    readonly broker: number;
    readonly redis: number;
    readonly producer: number;
  };
  /** Of the part of the engine that has one core: the measured engine has 20 slots. */
  readonly slotBytes: number;
}

const MEASURED_SLOTS = 20;

/** Undefined where the engine was not measured, or not where the system tells CPU times. */
export function readMeasuredCost(samples: readonly Sample[], engine: CapacityEngine): MeasuredCost | undefined {
  const own = samples.filter((sample) => sample.case === CASE_OF[engine]);
  const middle = (read: (sample: Sample) => number | null | undefined) =>
    median(own.flatMap((sample) => read(sample) ?? []));
  const ofGroup = (group: string) => middle(({ cpuUsPerMessage }) => cpuUsPerMessage?.[group]);
  const engineUs = middle(({ figures }) => figures["engineCpuUs"]);
  const bytes = middle(({ figures }) => figures["engineBytes"]);
  const [broker, redis, producer] = [ofGroup("broker"), ofGroup("redis"), ofGroup("producer")];
  const messages = middle((sample) => sample.messages) ?? 0;
  const messageBytes = middle(({ messageSize }) => messageSize) ?? 0;
  if (engineUs === null || bytes === null || broker === null || redis === null || producer === null) return undefined;
  return {
    engine,
    rounds: own.length,
    messages,
    messageBytes,
    cpuUs: { engine: engineUs, broker, redis, producer },
    slotBytes: bytes / MEASURED_SLOTS,
  };
}

export interface Limit {
  readonly what: string;
  readonly messagesPerSecond: number;
}

export interface CapacityPlan {
  readonly engine: CapacityEngine;
  readonly messagesPerSecond: number;
  readonly partitions: number;
  readonly engineCores: number;
  readonly taskManagers: number;
  readonly taskManagerBytes: number;
  readonly producerCores: number;
  readonly brokers: number;
  /** Which of its needs takes the most brokers. */
  readonly brokersBy: string;
  /** Of all messages, once: what a producer sends and a job reads. */
  readonly networkBytesPerSecond: number;
  /** Rising: the first is what breaks first. */
  readonly limits: readonly Limit[];
  readonly isWithinLimits: boolean;
}

export function planCapacity(cost: MeasuredCost, messagesPerSecond: number): CapacityPlan {
  const { engine, cpuUs, slotBytes } = cost;
  const networkBytesPerSecond = messagesPerSecond * recordBytes(cost);
  const engineCores = countCores(messagesPerSecond, cpuUs.engine);
  const partitions = Math.ceil(messagesPerSecond / partitionRate(cost));
  const needs = Object.entries(countBrokers(cost, { messagesPerSecond, partitions }));
  const [brokersBy, brokers] = needs.reduce((most, need) => (need[1] > most[1] ? need : most));
  const limits = listLimits(cost);
  return {
    engine,
    messagesPerSecond,
    partitions,
    engineCores,
    taskManagers: Math.ceil(engineCores / ASSUMED.coresPerTaskManager[engine]),
    taskManagerBytes: engineCores * slotBytes,
    producerCores: countCores(messagesPerSecond, cpuUs.producer),
    brokers,
    brokersBy,
    networkBytesPerSecond,
    limits,
    isWithinLimits: limits.every((limit) => limit.messagesPerSecond >= messagesPerSecond),
  };
}

const recordBytes = ({ messageBytes }: MeasuredCost): number => messageBytes + ASSUMED.recordOverheadBytes;

/** Whole ones. */
const countCores = (messagesPerSecond: number, us: number): number =>
  Math.ceil((messagesPerSecond * us) / 1e6 / ASSUMED.usableShare);

/** Of what only one core can do. */
const coreRate = (us: number): number => (1e6 * ASSUMED.usableShare) / us;

/** A partition is written in one order by a broker, and read by one subtask. */
const partitionRate = (cost: MeasuredCost): number =>
  Math.min(ASSUMED.partitionBytesPerSecond / recordBytes(cost), coreRate(cost.cpuUs.engine));

function countBrokers(
  cost: MeasuredCost,
  { messagesPerSecond, partitions }: { readonly messagesPerSecond: number; readonly partitions: number },
): Readonly<Record<string, number>> {
  const { replication, machine, usableShare, partitionsPerBroker } = ASSUMED;
  const writtenBytes = messagesPerSecond * recordBytes(cost) * replication;
  // Each byte comes in once for each copy, and goes out once for each other copy and once to the job.
  const networkBytes = writtenBytes;
  return {
    copies: replication,
    network: Math.ceil(networkBytes / (machine.networkBytesPerSecond * usableShare)),
    disk: Math.ceil(writtenBytes / (machine.diskBytesPerSecond * usableShare)),
    CPU: Math.ceil(countCores(messagesPerSecond, cost.cpuUs.broker * replication) / machine.cores),
    partitions: Math.ceil((partitions * replication) / partitionsPerBroker),
  };
}

function listLimits(cost: MeasuredCost): readonly Limit[] {
  const ofPartitions = (count: number) => count * partitionRate(cost);
  const own: readonly Limit[] = [
    { what: `${PARTITIONS_MAX} partitions in one atomic write`, messagesPerSecond: ofPartitions(PARTITIONS_MAX) },
    { what: "one thread of one Redis", messagesPerSecond: coreRate(cost.cpuUs.redis) },
  ];
  const { flinkParallelismMax } = ASSUMED;
  const flink: readonly Limit[] = [
    { what: `${flinkParallelismMax} subtasks of a step`, messagesPerSecond: ofPartitions(flinkParallelismMax) },
  ];
  return [...(cost.engine === "apphost" ? own : flink)].sort((a, b) => a.messagesPerSecond - b.messagesPerSecond);
}
