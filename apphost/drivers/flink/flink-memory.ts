/**
 * What the processes of a Flink cluster may take, in MiB, under Flink's own names of the parts. Flink's scripts start a JVM
 * for each TaskManager that computes them from one total; they are fixed here, so nothing has to be computed. Pure.
 *
 * M1 The options of the JVM and the configuration of Flink come from the same figures: Flink believes what it is told, and
 *    a heap that is smaller than that fails only under load.
 */

export interface TaskManagerMib {
  readonly frameworkHeap: number;
  readonly taskHeap: number;
  readonly frameworkOffHeap: number;
  readonly taskOffHeap: number;
  readonly network: number;
  readonly managed: number;
  readonly metaspace: number;
  readonly overhead: number;
}

/** How a job is spread over TaskManagers. */
export interface FlinkShape {
  readonly taskManagers: number;
  /** Of each. */
  readonly slots: number;
}

/** More than that are no gain on any machine on which one host starts them all. */
const SLOTS_MAX = 32;

/** One subtask for each partition, as far as the TaskManagers can be alike; each of them has a part of each step. */
export const shapeFlink = (taskManagers: number, partitions: number): FlinkShape => ({
  taskManagers,
  slots: Math.min(SLOTS_MAX, Math.max(1, Math.ceil(partitions / taskManagers))),
});

const FIRST_SLOT_MIB = { taskHeap: 48, taskOffHeap: 16 };
/** What Kafka's clients of one more subtask of each step keep. */
const FURTHER_SLOT_MIB = { taskHeap: 32, taskOffHeap: 8 };
/** Nothing of it is taken before an operator asks: none of the built-in job does, windows and sorts of a user's SQL do. */
const MANAGED_MIB_OF_SLOT = 64;
const NETWORK_MIB_MIN = 32;
/** Flink's default of a network buffer. */
const BUFFERS_PER_MIB = 32;
/** Of each subtask: two at most for each subtask before it, one for each after it, and some that all share. */
const BUFFERS_BETWEEN = 3;
const BUFFERS_SHARED = 16;
const countBuffers = ({ taskManagers, slots }: FlinkShape): number =>
  slots * (BUFFERS_BETWEEN * taskManagers * slots + BUFFERS_SHARED);

/** Of one TaskManager, for a job of counts: 20 with one slot each are, with the others, below 12 GB. */
export const planTaskManagerMib = (shape: FlinkShape): TaskManagerMib => ({
  frameworkHeap: 96,
  taskHeap: FIRST_SLOT_MIB.taskHeap + FURTHER_SLOT_MIB.taskHeap * (shape.slots - 1),
  frameworkOffHeap: 64,
  taskOffHeap: FIRST_SLOT_MIB.taskOffHeap + FURTHER_SLOT_MIB.taskOffHeap * (shape.slots - 1),
  network: Math.max(NETWORK_MIB_MIN, Math.ceil(countBuffers(shape) / BUFFERS_PER_MIB)),
  managed: MANAGED_MIB_OF_SLOT * shape.slots,
  metaspace: 128,
  overhead: 64,
});

/** With how many TaskManagers the network memory is still enough that each of these was started with. */
export function taskManagersMaxOf(started: FlinkShape): number {
  const buffers = planTaskManagerMib(started).network * BUFFERS_PER_MIB;
  const { slots } = started;
  return Math.floor((buffers / slots - BUFFERS_SHARED) / (BUFFERS_BETWEEN * slots));
}

const JOB_MANAGER_MIB = { heap: 768, direct: 128, metaspace: 256 } as const;
const SQL_GATEWAY_MIB = { heap: 384, direct: 64, metaspace: 256 } as const;

/**
 * Largest resident sizes seen with 10 million messages and 20 TaskManagers, with a tenth of room. `beside`: Kafka, Redis,
 * the host with its mirror, the producer and the validator.
 */
const RESIDENT_MIB = { taskManager: 300, jobManager: 480, sqlGateway: 340, beside: 1_200 } as const;

const BESIDE_MIB = RESIDENT_MIB.jobManager + RESIDENT_MIB.sqlGateway + RESIDENT_MIB.beside;

/** Of one TaskManager, beside managed memory, which no TaskManager of the built-in job takes. What was seen is of one slot. */
export function residentMibOf(shape: FlinkShape): number {
  const { network } = planTaskManagerMib(shape);
  const further = (FURTHER_SLOT_MIB.taskHeap + FURTHER_SLOT_MIB.taskOffHeap) * (shape.slots - 1);
  return RESIDENT_MIB.taskManager + further + network - NETWORK_MIB_MIN;
}

const sumResidentMib = (shape: FlinkShape): number => BESIDE_MIB + shape.taskManagers * residentMibOf(shape);

export type FlinkRoom =
  | { readonly kind: "enough" }
  | { readonly kind: "tooLittle"; readonly taskManagersMax: number; readonly reason: string };

/** Whether so many TaskManagers fit, and else how many do, and why no more. */
export function judgeFlinkRoom(
  { taskManagers, partitions }: { readonly taskManagers: number; readonly partitions: number },
  availableMib: number,
): FlinkRoom {
  // Fewer of them have more slots each.
  const sumMib = (count: number) => sumResidentMib(shapeFlink(count, partitions));
  const neededMib = sumMib(taskManagers);
  if (neededMib <= availableMib) return { kind: "enough" };
  const fewer = Array.from({ length: taskManagers - 1 }, (_, i) => taskManagers - 1 - i);
  const taskManagersMax = fewer.find((count) => sumMib(count) <= availableMib) ?? 0;
  const reason =
    `${taskManagers} TaskManagers of Flink take ${neededMib} MiB with JobManager, SQL Gateway, Kafka and Redis, and ` +
    `${availableMib} MiB are available: ${taskManagersMax === 0 ? "not one fits" : `${taskManagersMax} fit`}`;
  return { kind: "tooLittle", taskManagersMax, reason };
}

export const taskManagerJvmFlags = (mib: TaskManagerMib): readonly string[] => {
  const { frameworkHeap, taskHeap, frameworkOffHeap, taskOffHeap, network, metaspace } = mib;
  return formatJvmFlags({
    heap: frameworkHeap + taskHeap,
    direct: frameworkOffHeap + taskOffHeap + network,
    metaspace,
  });
};

export const jobManagerJvmFlags = (): readonly string[] => formatJvmFlags(JOB_MANAGER_MIB);
export const sqlGatewayJvmFlags = (): readonly string[] => formatJvmFlags(SQL_GATEWAY_MIB);

const formatJvmFlags = (mib: { heap: number; direct: number; metaspace: number }): readonly string[] => [
  `-Xmx${mib.heap}m`,
  `-Xms${mib.heap}m`,
  `-XX:MaxDirectMemorySize=${mib.direct}m`,
  `-XX:MaxMetaspaceSize=${mib.metaspace}m`,
];
