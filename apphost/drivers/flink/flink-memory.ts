/**
 * What the processes of a Flink cluster may take, in MiB, under Flink's own names of the parts. Flink's scripts start a JVM
 * for each TaskManager that computes them from one total; they are fixed here, so nothing has to be computed. Pure.
 *
 * M1 The options of the JVM and the configuration of Flink come from the same figures: Flink believes what it is told, and
 *    a heap that is smaller than that fails only under load.
 */

/** A TaskManager with one slot, for a job of counts: 20 of them, with the others, are below 12 GB. */
export const TASK_MANAGER_MIB = {
  frameworkHeap: 96,
  taskHeap: 48,
  frameworkOffHeap: 64,
  taskOffHeap: 16,
  network: 32,
  /** Only sorting, RocksDB and Python take managed memory; state is on the heap here. */
  managed: 0,
  metaspace: 128,
  overhead: 64,
} as const;

const JOB_MANAGER_MIB = { heap: 768, direct: 128, metaspace: 256 } as const;
const SQL_GATEWAY_MIB = { heap: 384, direct: 64, metaspace: 256 } as const;

/**
 * Largest resident sizes seen with 10 million messages and 20 TaskManagers, with a tenth of room. `beside`: Kafka, Redis,
 * the host with its mirror, the producer and the validator.
 */
const RESIDENT_MIB = { taskManager: 300, jobManager: 480, sqlGateway: 340, beside: 1_200 } as const;

const residentMib = (taskManagers: number): number =>
  RESIDENT_MIB.jobManager + RESIDENT_MIB.sqlGateway + RESIDENT_MIB.beside + taskManagers * RESIDENT_MIB.taskManager;

export type FlinkRoom =
  | { readonly kind: "enough" }
  | { readonly kind: "tooLittle"; readonly taskManagersMax: number; readonly reason: string };

/** Whether so many TaskManagers fit, and else how many do, and why no more. */
export function judgeFlinkRoom(taskManagers: number, availableMib: number): FlinkRoom {
  const neededMib = residentMib(taskManagers);
  if (neededMib <= availableMib) return { kind: "enough" };
  const taskManagersMax = Math.max(0, Math.floor((availableMib - residentMib(0)) / RESIDENT_MIB.taskManager));
  const reason =
    `${taskManagers} TaskManagers of Flink take ${neededMib} MiB with JobManager, SQL Gateway, Kafka and Redis, and ` +
    `${availableMib} MiB are available: ${taskManagersMax === 0 ? "not one fits" : `${taskManagersMax} fit`}`;
  return { kind: "tooLittle", taskManagersMax, reason };
}

export const taskManagerJvmFlags = (): readonly string[] => {
  const { frameworkHeap, taskHeap, frameworkOffHeap, taskOffHeap, network, metaspace } = TASK_MANAGER_MIB;
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
