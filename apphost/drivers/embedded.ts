/** Our own servers, as child processes: they need nothing but Node. Their data lives in memory. */
import type { EmbeddedKafkaTask, EmbeddedRedisTask } from "../../simulator/common/contract/child/tasks.ts";
import { readPackageVersion } from "../package-version.ts";
import { LOOPBACK } from "../processes/ports.ts";
import type { DriverContext, InfrastructureDriver, ServerPlan } from "./driver.ts";
import { createPassword, ownRedis } from "./password.ts";

export const embeddedDriver: InfrastructureDriver = {
  mode: "embedded",
  findObstacle: async () => undefined,
  plan: (kind, context) => (kind === "kafka" ? planKafka(context) : planRedis(context)),
};

async function planKafka(context: DriverContext): Promise<ServerPlan> {
  const port = await context.choosePort("kafka");
  const task: EmbeddedKafkaTask = {
    port,
    memoryBytesMax: context.embeddedMemoryBytes,
    autoCreateTopics: context.embeddedAutoCreateTopics,
  };
  const command = context.ownProgram("kafka", "simulator/embedded/kafka/main", task);
  return {
    mode: "embedded",
    address: { kind: "kafka", brokers: [{ host: LOOPBACK, port }] },
    endpoint: `${LOOPBACK}:${port}`,
    launch: async (hooks) => context.startProcess(command, hooks),
    survivesRestart: false,
    version: `flink-apphost ${readPackageVersion()}`,
  };
}

/**
 * Memory of 64 KiB and more is mapped for itself, and so is given back when it is freed: what a read of a socket takes, and
 * long values. The C library of most Linux systems would put it among small pieces, where it stays resident: it learns to
 * from the first large one that is freed. Elsewhere nobody knows this variable.
 */
export const REDIS_MEMORY_VARIABLES = { MALLOC_MMAP_THRESHOLD_: "65536" };

/** Its restart is a new, empty life: the JobManager then recovers the state from a checkpoint. */
async function planRedis(context: DriverContext): Promise<ServerPlan> {
  const port = await context.choosePort("redis");
  const password = createPassword();
  const task: EmbeddedRedisTask = { port, password, memoryBytesMax: context.embeddedMemoryBytes };
  const program = context.ownProgram("redis", "simulator/embedded/redis/main", task);
  const command = { ...program, env: { ...program.env, ...REDIS_MEMORY_VARIABLES } };
  return {
    mode: "embedded",
    address: { kind: "redis", redis: ownRedis(password, { host: LOOPBACK, port }) },
    endpoint: `${LOOPBACK}:${port}`,
    launch: async (hooks) => context.startProcess(command, hooks),
    survivesRestart: true,
    version: `flink-apphost ${readPackageVersion()}`,
  };
}
