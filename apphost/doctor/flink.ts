/** Whether Apache Flink can run the job: FLINK_HOME and the room for its processes here, or the Flink that was named. */
import { existsSync } from "node:fs";
import { formatHttpAddress } from "../../simulator/common/foundation/address.ts";
import { describeError, isAppError } from "../../simulator/common/foundation/errors.ts";
import { requireExternalFlink } from "../drivers/flink/external-flink.ts";
import { readFlinkHome } from "../drivers/flink/flink-home.ts";
import { judgeFlinkRoom } from "../drivers/flink/flink-memory.ts";
import { findJavaObstacle } from "../drivers/java.ts";
import { type HostOptions, partitionsOf, type Variables } from "../options.ts";
import { findKafkaConnector } from "../resources/flink-choice.ts";
import { type CheckPlan, type Finding, failed, ok, warning } from "./check.ts";
import { judgeImage } from "./engine.ts";
import type { Lookups } from "./lookups.ts";

const MEBIBYTE = 1_048_576;

type FlinkOptions = Pick<
  HostOptions,
  "engine" | "infra" | "flink" | "sqlGateway" | "taskManagers" | "partitions" | "kafkaConnector"
>;

/** Left out where this runtime runs the job. */
export function planFlinkChecks(
  options: FlinkOptions,
  env: Variables,
  lookups: Pick<Lookups, "flinkImage">,
): CheckPlan[] {
  const { engine, infra, flink, sqlGateway, taskManagers } = options;
  const isStartedHere = engine === "flink" && flink === null;
  const isInContainers = isStartedHere && infra === "docker";
  const isHomeNeeded = (isStartedHere && !isInContainers) || (flink !== null && sqlGateway === null);
  const ofContainers = { neededFor: "--engine flink --infra docker", isAskedInfrastructure: isInContainers };
  return [
    {
      id: "flink-image",
      title: "Flink image",
      ...ofContainers,
      examine: async () => {
        const image = isInContainers ? await lookups.flinkImage() : null;
        return image === null ? null : judgeImage(image);
      },
    },
    {
      id: "kafka-connector",
      title: "Kafka connector",
      ...ofContainers,
      examine: async () => (isInContainers ? judgeConnector(findKafkaConnector(options, env)) : null),
    },
    {
      id: "flink-home",
      title: "FLINK_HOME",
      neededFor: "--engine flink",
      isAskedInfrastructure: isHomeNeeded,
      examine: async () => (isHomeNeeded ? examineFlinkHome(env) : null),
    },
    {
      id: "flink-memory",
      title: "Flink memory",
      neededFor: "--engine flink",
      isAskedInfrastructure: isStartedHere,
      examine: async () =>
        isStartedHere
          ? judgeRoom({ taskManagers, partitions: partitionsOf(options) }, process.availableMemory())
          : null,
    },
    {
      id: "flink",
      title: "Apache Flink",
      neededFor: "--flink",
      isAskedInfrastructure: flink !== null,
      examine: async () => (flink === null ? null : examineExternalFlink({ flink, sqlGateway, taskManagers }, env)),
    },
  ];
}

async function examineFlinkHome(env: Variables): Promise<Finding> {
  const home = readFlinkHome(env);
  if (home.kind === "unusable") {
    return failed("none that can be used", home.reason, "set it to what scripts/real-parts/fetch-flink prints");
  }
  const obstacle = await findJavaObstacle("Flink", env);
  const found = `Flink ${home.version} with SQL Gateway and Kafka connector (${home.folder})`;
  return obstacle === undefined ? ok(found) : failed(found, obstacle, "install Java 17 or newer");
}

/** What an image has shows only when one of it is made, and a check changes nothing. */
function judgeConnector(path: string | null): Finding {
  const fix = "give --kafka-connector FILE, or set FLINK_HOME to a Flink whose lib has it";
  if (path === null) return warning("none on this machine", "the official image has none; another one may", fix);
  return existsSync(path) ? ok(path) : failed(path, "there is no such file", fix);
}

export function judgeRoom(job: Parameters<typeof judgeFlinkRoom>[0], availableBytes: number): Finding {
  const availableMib = Math.floor(availableBytes / MEBIBYTE);
  const found = `${availableMib} MiB available`;
  const room = judgeFlinkRoom(job, availableMib);
  if (room.kind === "enough") return ok(found);
  const fewer = room.taskManagersMax === 0 ? "" : `give --task-managers ${room.taskManagersMax}, or `;
  return failed(found, room.reason, `${fewer}free memory`);
}

async function examineExternalFlink(
  {
    flink,
    sqlGateway,
    taskManagers,
  }: Pick<FlinkOptions, "sqlGateway" | "taskManagers"> & { flink: NonNullable<HostOptions["flink"]> },
  env: Variables,
): Promise<Finding> {
  const place = formatHttpAddress(flink);
  try {
    const { version, hasKafkaConnector } = await requireExternalFlink({ flink, sqlGateway }, taskManagers, env);
    const connector = hasKafkaConnector ? "its Kafka connector" : "the Kafka connector of FLINK_HOME";
    return ok(`Flink ${version} at ${place}, ${taskManagers} free slots and ${connector}`);
  } catch (error) {
    // Whatever else went wrong is the examination's to tell.
    if (!isAppError(error) || error.code !== "INFRASTRUCTURE_UNAVAILABLE") throw error;
    return failed(place, describeError(error), "mend it, or name another one with --flink");
  }
}
