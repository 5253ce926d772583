/**
 * A Flink session cluster of containers: JobManager, TaskManagers and SQL Gateway, each with the command line that it has as a
 * process of this machine (`native-flink.ts`).
 *
 * C1 On this machine's own network all listen on 127.0.0.1, as processes would. Else they find each other by the names of
 *    their resources on the run's network, and of their ports those of REST and the gateway are published, on 127.0.0.1.
 * C2 The run's folder of the cluster is bound into each (`flink.ts`): with its configuration, its checkpoints, and the Kafka
 *    connector where the image has none.
 */
import { copyFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type Docker from "dockerode";
import { runFolder } from "../../../simulator/common/contract/files/run-folder.ts";
import { SQL_GATEWAY } from "../../../simulator/common/contract/names.ts";
import type { ChildHooks, RunningServer } from "../../processes/child-process.ts";
import { choosePort, LOOPBACK } from "../../processes/ports.ts";
import type { DriverContext } from "../driver.ts";
import type { FlinkHosts } from "../flink/flink-configuration.ts";
import {
  type FlinkCluster,
  type FlinkJob,
  formatClusterConfiguration,
  IN_FOLDER,
  jobManagerArguments,
  LOOPBACK_HOSTS,
  layOutFolder,
  sqlGatewayArguments,
  taskManagerArguments,
} from "../flink/native-flink.ts";
import { type ContainerServer, createContainerServer } from "./container.ts";
import type { ContainerReach, ContainerUser } from "./container-spec.ts";
import { createFlinkSpec } from "./flink.ts";
import type { FlinkImage } from "./flink-image.ts";
import { KAFKA_INTERNAL_ADDRESS } from "./kafka.ts";
import { createLabels, nameInEngine } from "./labels.ts";

export interface FlinkContainers {
  readonly docker: Docker;
  readonly image: Extract<FlinkImage, { kind: "usable" }>;
  /** Path on this machine; null: the image has it. */
  readonly kafkaConnectorJar: string | null;
  readonly user: ContainerUser;
  /** The run's own; null: this machine's. */
  readonly network: string | null;
}

const JOB_MANAGER = "jobmanager";
const CONNECTOR_NAME = "kafka-connector.jar";
const ON_NETWORK: FlinkHosts = { jobManager: JOB_MANAGER, taskManager: null, bind: "0.0.0.0" };

/** Makes the cluster's folder anew, and starts nothing. */
export async function planFlinkContainers(
  containers: FlinkContainers,
  { base, runId, runDir }: Pick<DriverContext, "base" | "runId" | "runDir">,
  job: FlinkJob,
): Promise<FlinkCluster> {
  const { docker, image, kafkaConnectorJar, user, network } = containers;
  const folder = resolve(runFolder.data(runDir, "flink"));
  const [restPort, gatewayPort, rpcPort] = [await choosePort(), await choosePort(), await choosePort()];
  const hosts = network === null ? LOOPBACK_HOSTS : ON_NETWORK;
  layOutFolder(folder, formatClusterConfiguration(folder, job, { hosts, rpcPort, restPort, gatewayPort }));
  if (kafkaConnectorJar !== null) copyFileSync(kafkaConnectorJar, join(folder, CONNECTOR_NAME));
  const servers = new Map<string, ContainerServer>();
  const launch = (resource: string, ports: readonly number[], args: readonly string[], hooks: ChildHooks) => {
    const server =
      servers.get(resource) ??
      createContainerServer(
        docker,
        createFlinkSpec({
          name: nameInEngine(runId, resource),
          image,
          labels: createLabels({ base, runId, resource }),
          reach: reachOn(network, resource, ports),
          user,
          folder,
          kafkaConnectorJar: kafkaConnectorJar === null ? null : CONNECTOR_NAME,
          args,
        }),
      );
    servers.set(resource, server);
    return server.launch(hooks);
  };
  return {
    version: image.version,
    isOurs: true,
    place: `in containers of ${image.name}`,
    jobManager: { host: LOOPBACK, port: restPort, rpcPort: network === null ? rpcPort : null },
    restUrl: `http://${LOOPBACK}:${restPort}`,
    gatewayUrl: `http://${LOOPBACK}:${gatewayPort}`,
    ...(network === null ? {} : { kafkaAddress: KAFKA_INTERNAL_ADDRESS }),
    checkpointFolder: join(folder, IN_FOLDER.checkpoints),
    savepointFolder: join(folder, IN_FOLDER.savepoints),
    sessionProperties: {},
    startJobManager: (hooks) => launch(JOB_MANAGER, [restPort], jobManagerArguments(), hooks),
    startTaskManager: (name, hooks) => {
      const host = network === null ? [] : ["-D", `taskmanager.host=${name}`];
      return launch(name, [], [...taskManagerArguments(name, job.shape), ...host], hooks);
    },
    startSqlGateway: (hooks): Promise<RunningServer> =>
      launch(SQL_GATEWAY, [gatewayPort], sqlGatewayArguments(), hooks),
  };
}

/** C1. A port is the same inside and outside. */
const reachOn = (network: string | null, alias: string, ports: readonly number[]): ContainerReach =>
  network === null
    ? { kind: "host" }
    : {
        kind: "published",
        ports: ports.map((port) => ({ inside: port, host: port })),
        network: { name: network, alias },
      };
