/** Flink by the Flink Kubernetes Operator: one object, from which the operator makes and scales the rest. Pure. */
import type { IFlinkDeployment } from "@kubernetes-models/flink/flink.apache.org/v1beta1";
import type { HostOptions } from "../../options.ts";
import {
  createFlinkConfiguration,
  createFlinkPod,
  FLINK_ENV,
  FLINK_MOUNTS,
  JOB_MANAGER,
  parallelismOf,
  SCRIPT_ARGS,
  SLOTS,
  SQL_DRIVER,
  TASK_MANAGER,
} from "./flink-cluster.ts";
import {
  type Component,
  FLINK,
  FLINK_HOME,
  FLINK_PORTS,
  FLINK_VERSION,
  KAFKA_CLIENT,
  metadataOf,
  selectorOf,
} from "./names.ts";
import { createContainerRights } from "./pod-rights.ts";

type Spec = NonNullable<IFlinkDeployment["spec"]>;
type PodTemplate = NonNullable<Spec["podTemplate"]>;
type Container = NonNullable<NonNullable<PodTemplate["spec"]>["containers"]>[number];

/** The container under this name is the one that the operator fills in. */
const MAIN_CONTAINER = "flink-main-container";

export const createFlinkDeployment = (options: HostOptions, image: string): IFlinkDeployment => ({
  apiVersion: "flink.apache.org/v1beta1",
  kind: "FlinkDeployment",
  metadata: metadataOf(FLINK),
  spec: {
    image,
    flinkVersion: "v2_2",
    serviceAccount: FLINK,
    flinkConfiguration: {
      ...createFlinkConfiguration(options),
      "jobmanager.scheduler": "adaptive",
      ...createAutoscalerConfiguration(options),
    },
    podTemplate: { spec: { ...createFlinkPod(), containers: [createMainContainer()] } },
    jobManager: {
      replicas: 1,
      resource: { cpu: JOB_MANAGER.cores, memory: `${JOB_MANAGER.memoryMib}m` },
      podTemplate: createRolePod("jobmanager", {
        readinessProbe: { httpGet: { path: "/config", port: FLINK_PORTS.rest }, periodSeconds: 5 },
        livenessProbe: { tcpSocket: { port: FLINK_PORTS.rest }, initialDelaySeconds: 60, periodSeconds: 10 },
      }),
    },
    taskManager: {
      resource: { cpu: TASK_MANAGER.cores, memory: `${TASK_MANAGER.memoryMib}m` },
      podTemplate: createRolePod("taskmanager", {
        livenessProbe: { tcpSocket: { port: FLINK_PORTS.taskManagerRpc }, initialDelaySeconds: 60, periodSeconds: 10 },
      }),
    },
    job: {
      jarURI: `local://${FLINK_HOME}/opt/flink-sql-gateway-${FLINK_VERSION}.jar`,
      entryClass: SQL_DRIVER,
      args: SCRIPT_ARGS,
      parallelism: Math.min(SLOTS, parallelismOf(options)),
      upgradeMode: "last-state",
      state: "running",
    },
  },
});

/** By the busy time and the lag of each vertex, between one subtask and what was asked for. */
const createAutoscalerConfiguration = (options: HostOptions): Record<string, string> => ({
  "job.autoscaler.enabled": "true",
  "job.autoscaler.stabilization.interval": "1m",
  "job.autoscaler.metrics.window": "3m",
  "job.autoscaler.utilization.target": "0.7",
  "job.autoscaler.vertex.min-parallelism": "1",
  "job.autoscaler.vertex.max-parallelism": String(parallelismOf(options)),
});

/** The start script of the image writes its configuration beside its jars. */
const createMainContainer = (): Container => ({
  name: MAIN_CONTAINER,
  env: FLINK_ENV,
  securityContext: createContainerRights("writable"),
  volumeMounts: FLINK_MOUNTS,
});

const createRolePod = (component: Component, probes: Partial<Container>): PodTemplate => ({
  metadata: { labels: { ...selectorOf(component), ...KAFKA_CLIENT } },
  spec: { containers: [{ name: MAIN_CONTAINER, ...probes }] },
});
