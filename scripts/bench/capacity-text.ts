/** The capacity note as text: what was measured, what it takes, and what breaks first. Pure. */
import { ASSUMED, type CapacityPlan, MESSAGES_MIN, type MeasuredCost, planCapacity } from "./capacity.ts";
import { formatTable } from "./text-table.ts";

export const CAPACITY_TARGETS: readonly number[] = [2e6, 10e6, 100e6];

const NAMES = { apphost: "this runtime", flink: "Apache Flink" } as const;

export interface CapacityNote {
  readonly schema: 1;
  readonly measured: readonly MeasuredCost[];
  readonly assumed: typeof ASSUMED;
  readonly plans: readonly CapacityPlan[];
}

export const noteCapacity = (measured: readonly MeasuredCost[]): CapacityNote => ({
  schema: 1,
  measured,
  assumed: ASSUMED,
  plans: measured.flatMap((cost) => CAPACITY_TARGETS.map((target) => planCapacity(cost, target))),
});

export function renderCapacity({ measured, plans }: CapacityNote): string[] {
  const costs = measured.map(({ engine, rounds, messages, messageBytes, cpuUs, slotBytes }) => [
    NAMES[engine],
    String(rounds),
    String(messages),
    `${messageBytes} B`,
    ...[cpuUs.engine, cpuUs.broker, cpuUs.redis, cpuUs.producer].map((us) => us.toFixed(3)),
    `${Math.round(slotBytes / 2 ** 20)} MiB`,
  ]);
  const costHeader = [
    "measured, CPU in µs per message",
    "rounds",
    "messages",
    "size",
    "engine",
    "broker",
    "redis",
    "producer",
    "a slot",
  ];
  const planHeader = [
    "needed for",
    "partitions",
    "cores",
    "TaskManagers",
    "memory",
    "producer cores",
    "brokers",
    "by",
    "network",
    "breaks first",
  ];
  return [
    ...formatTable(costHeader, costs),
    "",
    ...formatTable(planHeader, plans.map(formatPlan)),
    "",
    ...ASSUMPTIONS,
    ...warnOfFew(measured),
  ];
}

function warnOfFew(measured: readonly MeasuredCost[]): string[] {
  if (measured.every(({ messages }) => messages >= MESSAGES_MIN)) return [];
  return [`warning: measured with fewer than ${MESSAGES_MIN} messages, which cost mostly what starting costs`];
}

function formatPlan(plan: CapacityPlan): string[] {
  const [first] = plan.limits;
  const breaks = first === undefined ? "-" : `${first.what}: ${formatRate(first.messagesPerSecond)}`;
  return [
    `${formatRate(plan.messagesPerSecond)}, ${NAMES[plan.engine]}`,
    String(plan.partitions),
    String(plan.engineCores),
    String(plan.taskManagers),
    `${(plan.taskManagerBytes / 2 ** 30).toFixed(1)} GiB`,
    String(plan.producerCores),
    String(plan.brokers),
    plan.brokersBy,
    `${(plan.networkBytesPerSecond / 1e9).toFixed(2)} GB/s`,
    plan.isWithinLimits ? breaks : `${breaks} (too little)`,
  ];
}

const formatRate = (messagesPerSecond: number): string => `${(messagesPerSecond / 1e6).toFixed(1)} M/s`;

const { usableShare, machine, replication, partitionBytesPerSecond, partitionsPerBroker, coresPerTaskManager } =
  ASSUMED;
const ASSUMPTIONS: readonly string[] = [
  `assumed: machines of ${machine.cores} cores, ${(machine.networkBytesPerSecond * 8) / 1e9} Gbit/s and a disk of ` +
    `${machine.diskBytesPerSecond / 1e6} MB/s, used up to ${usableShare * 100} %; ${replication} copies of each partition; ` +
    `${partitionBytesPerSecond / 1e6} MB/s a partition; ${partitionsPerBroker} partitions a broker; ` +
    `TaskManagers with ${coresPerTaskManager.apphost} core (this runtime) and ${coresPerTaskManager.flink} (Flink)`,
];
