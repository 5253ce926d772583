/**
 * Flink without an operator: a JobManager that runs the one job, TaskManagers, and who scales them. Flink is told to use
 * what is there (its reactive mode, which is the adaptive scheduler without a wish), so whoever changes the number of
 * TaskManagers rescales the job. Pure.
 */
import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import type { IContainer, IService } from "kubernetes-models/v1";
import { formatEntries } from "../../drivers/flink/flink-configuration.ts";
import type { HostOptions } from "../../options.ts";
import {
  createFlinkConfiguration,
  createFlinkPod,
  FLINK_ENV,
  FLINK_MOUNTS,
  JOB_MANAGER,
  parallelismOf,
  SCRIPT_ARGS,
  SQL_DRIVER,
  TASK_MANAGER,
  taskManagersFor,
} from "./flink-cluster.ts";
import {
  type Component,
  FLINK,
  FLINK_HOME,
  FLINK_PORTS,
  KAFKA_CLIENT,
  metadataOf,
  NAMESPACE,
  selectorOf,
} from "./names.ts";
import { createContainerRights, createResources } from "./pod-rights.ts";

export const FLINK_CONFIG_MAP = "flink-configuration";
export const FLINK_CONFIG_NAME = "config.yaml";
const BUSY_PERCENT = 70;
/** Each change of their number restarts the job from its newest checkpoint. */
const CALM_SECONDS = 300;

export const formatStandaloneConfiguration = (options: HostOptions): string =>
  formatEntries({
    ...createFlinkConfiguration(options),
    "kubernetes.cluster-id": FLINK,
    "kubernetes.namespace": NAMESPACE,
    "scheduler-mode": "reactive",
    "jobmanager.bind-host": "0.0.0.0",
    "taskmanager.bind-host": "0.0.0.0",
    "rest.bind-address": "0.0.0.0",
    "rest.port": String(FLINK_PORTS.rest),
    "jobmanager.memory.process.size": `${JOB_MANAGER.memoryMib}m`,
    "taskmanager.memory.process.size": `${TASK_MANAGER.memoryMib}m`,
    "io.tmp.dirs": "/tmp",
  });

export const createJobManager = (image: string): IDeployment =>
  createDeployment("jobmanager", image, {
    command: [`${FLINK_HOME}/bin/standalone-job.sh`, "start-foreground"],
    args: ["--host", "$(POD_IP)", "--job-classname", SQL_DRIVER, ...SCRIPT_ARGS],
    ports: [
      { name: "rest", containerPort: FLINK_PORTS.rest },
      { name: "rpc", containerPort: FLINK_PORTS.jobManagerRpc },
      { name: "blob", containerPort: FLINK_PORTS.blob },
    ],
    readinessProbe: { httpGet: { path: "/config", port: "rest" }, periodSeconds: 5 },
    livenessProbe: { tcpSocket: { port: "rest" }, initialDelaySeconds: 60, periodSeconds: 10 },
    resources: createResources({ cpu: String(JOB_MANAGER.cores), memory: `${JOB_MANAGER.memoryMib}Mi` }),
  });

export const createTaskManager = (image: string): IDeployment =>
  createDeployment("taskmanager", image, {
    command: [`${FLINK_HOME}/bin/taskmanager.sh`, "start-foreground"],
    args: ["-D", "taskmanager.host=$(POD_IP)"],
    ports: [
      { name: "rpc", containerPort: FLINK_PORTS.taskManagerRpc },
      { name: "data", containerPort: FLINK_PORTS.data },
    ],
    readinessProbe: { tcpSocket: { port: "rpc" }, periodSeconds: 5 },
    livenessProbe: { tcpSocket: { port: "rpc" }, initialDelaySeconds: 60, periodSeconds: 10 },
    resources: createResources({ cpu: String(TASK_MANAGER.cores), memory: `${TASK_MANAGER.memoryMib}Mi` }),
  });

/** The scripts are called themselves: the entry point of the image would write its configuration, and its root is read-only. */
function createDeployment(component: Component, image: string, container: Omit<IContainer, "name">): IDeployment {
  const { volumes, ...pod } = createFlinkPod();
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(component, selectorOf(component)),
    spec: {
      // Of the TaskManagers the autoscaler says how many: a number here would be put in force with each apply.
      ...(component === "jobmanager" && { replicas: 1 }),
      selector: { matchLabels: selectorOf(component) },
      template: {
        metadata: { labels: { ...selectorOf(component), ...KAFKA_CLIENT } },
        spec: {
          ...pod,
          serviceAccountName: FLINK,
          containers: [
            {
              name: component,
              image,
              ...container,
              env: [...FLINK_ENV, { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
              securityContext: createContainerRights("readOnly"),
              volumeMounts: [
                ...FLINK_MOUNTS,
                { name: "tmp", mountPath: "/tmp" },
                {
                  name: "configuration",
                  mountPath: `${FLINK_HOME}/conf/${FLINK_CONFIG_NAME}`,
                  subPath: FLINK_CONFIG_NAME,
                  readOnly: true,
                },
              ],
            },
          ],
          volumes: [
            ...volumes,
            { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
            { name: "configuration", configMap: { name: FLINK_CONFIG_MAP } },
          ],
        },
      },
    },
  };
}

/** By the name that the operator would give it, for whoever looks at the dashboard. */
export const createRestService = (): IService => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadataOf(`${FLINK}-rest`, selectorOf("jobmanager")),
  spec: { selector: selectorOf("jobmanager"), ports: [{ name: "rest", port: FLINK_PORTS.rest, targetPort: "rest" }] },
});

export const createAutoscaler = (options: HostOptions): IHorizontalPodAutoscaler => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: metadataOf("taskmanager"),
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "taskmanager" },
    minReplicas: 1,
    maxReplicas: taskManagersFor(parallelismOf(options)),
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: BUSY_PERCENT } },
      },
    ],
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 60 },
      scaleDown: { stabilizationWindowSeconds: CALM_SECONDS },
    },
  },
});
