/** Whether Apache Flink can run here with so many TaskManagers, asked before there is a run. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import { readFlinkHome } from "../drivers/flink/flink-home.ts";
import { judgeFlinkRoom } from "../drivers/flink/flink-memory.ts";
import { requireFlinkHome } from "../drivers/flink/native-flink.ts";
import { type HostOptions, partitionsOf } from "../options.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const MEBIBYTE = 1_048_576;

type FlinkOptions = Pick<HostOptions, "taskManagers" | "partitions">;

/** Throws INFRASTRUCTURE_UNAVAILABLE: no usable FLINK_HOME, no fit Java, or too little memory. */
export async function requireFlink(options: FlinkOptions, env: Variables): Promise<void> {
  await requireFlinkHome(env);
  requireFlinkRoom(options, "native");
}

/** Throws INFRASTRUCTURE_UNAVAILABLE. */
export function requireFlinkRoom(
  { taskManagers, partitions }: FlinkOptions,
  mode: "native" | "docker",
  availableBytes = process.availableMemory(),
): void {
  const room = judgeFlinkRoom(
    { taskManagers, partitions: partitionsOf({ partitions }) },
    Math.floor(availableBytes / MEBIBYTE),
  );
  if (room.kind === "enough") return;
  const { taskManagersMax, reason } = room;
  const advice = taskManagersMax === 0 ? "free memory" : `give --task-managers ${taskManagersMax}, or free memory`;
  throw createError("INFRASTRUCTURE_UNAVAILABLE", {
    resource: "Flink",
    mode,
    reason: `${reason}: ${advice}`,
  });
}

/** For Flink's containers: the jar that was given, or else that of FLINK_HOME. Null: only the image may have it. */
export function findKafkaConnector({ kafkaConnector }: Pick<HostOptions, "kafkaConnector">, env: Variables) {
  if (kafkaConnector !== null) return kafkaConnector;
  const home = readFlinkHome(env);
  return home.kind === "usable" ? home.kafkaConnectorJar : null;
}
