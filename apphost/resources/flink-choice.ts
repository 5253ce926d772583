/** Whether Apache Flink can run here with so many TaskManagers, asked before there is a run. */
import { createError } from "../../simulator/common/foundation/errors.ts";
import { judgeFlinkRoom } from "../drivers/flink/flink-memory.ts";
import { requireFlinkHome } from "../drivers/flink/native-flink.ts";
import { type HostOptions, partitionsOf } from "../options.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const MEBIBYTE = 1_048_576;

/** Throws INFRASTRUCTURE_UNAVAILABLE: no usable FLINK_HOME, no fit Java, or too little memory. */
export async function requireFlink(
  { taskManagers, partitions }: Pick<HostOptions, "taskManagers" | "partitions">,
  env: Variables,
  availableBytes = process.availableMemory(),
): Promise<void> {
  await requireFlinkHome(env);
  const room = judgeFlinkRoom(
    { taskManagers, partitions: partitionsOf({ partitions }) },
    Math.floor(availableBytes / MEBIBYTE),
  );
  if (room.kind === "enough") return;
  const { taskManagersMax, reason } = room;
  const advice = taskManagersMax === 0 ? "free memory" : `give --task-managers ${taskManagersMax}, or free memory`;
  throw createError("INFRASTRUCTURE_UNAVAILABLE", {
    resource: "Flink",
    mode: "native",
    reason: `${reason}: ${advice}`,
  });
}
