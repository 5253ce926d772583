/** What both flavours of Flink have in common: configuration, pods, and the volume of checkpoints. Pure. */

import type { IRole, IRoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import type {
  IEnvVar,
  IPersistentVolumeClaim,
  IPodSpec,
  IServiceAccount,
  IVolume,
  IVolumeMount,
} from "kubernetes-models/v1";
import type { HostOptions } from "../../options.ts";
import { partitionsOf } from "../../options.ts";
import type { Flavor } from "./flavor.ts";
import {
  FLINK,
  FLINK_DATA,
  FLINK_HOME,
  FLINK_PORTS,
  KAFKA_CA_FOLDER,
  KAFKA_CA_SECRET,
  KAFKA_USER_FOLDER,
  KAFKA_USERS,
  metadataOf,
  NAMESPACE,
  SCRIPT_FOLDER,
  SCRIPT_NAME,
} from "./names.ts";
import { createPodRights } from "./pod-rights.ts";

export const SCRIPT_CONFIG_MAP = "counting-job";
export const DATA_CLAIM = "flink-data";
export const SLOTS = 4;
export const JOB_MANAGER = { cores: 0.5, memoryMib: 1_024 } as const;
export const TASK_MANAGER = { cores: 2, memoryMib: 2_048 } as const;
/** Flink's own program that runs a script of SQL; the jar of the gateway has the parts of it that are in no other jar. */
export const SQL_DRIVER = "org.apache.flink.table.runtime.application.SqlDriver";
export const SCRIPT_ARGS = ["--scriptUri", `file://${SCRIPT_FOLDER}/${SCRIPT_NAME}`];
const USER_ID = 9_999;
const STORAGE = "10Gi";
/** Divisible by many numbers: key groups are spread evenly over any of those. */
const PARALLELISM_MAX = 120;

/** A subtask that has no partition has nothing to do. */
export const parallelismOf = (options: HostOptions): number => Math.min(partitionsOf(options), options.taskManagers);

export const taskManagersFor = (parallelism: number): number => Math.ceil(parallelism / SLOTS);

export const createFlinkConfiguration = ({ checkpointIntervalMs }: HostOptions): Record<string, string> => ({
  "taskmanager.numberOfTaskSlots": String(SLOTS),
  "pipeline.max-parallelism": String(PARALLELISM_MAX),
  "execution.checkpointing.interval": `${checkpointIntervalMs} ms`,
  "execution.checkpointing.mode": "EXACTLY_ONCE",
  "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
  "execution.checkpointing.dir": `file://${FLINK_DATA}/checkpoints`,
  "execution.checkpointing.savepoint-dir": `file://${FLINK_DATA}/savepoints`,
  "state.backend.type": "hashmap",
  "high-availability.type": "kubernetes",
  "high-availability.storageDir": `file://${FLINK_DATA}/high-availability`,
  // Known ports: policies of the network name them.
  "jobmanager.rpc.port": String(FLINK_PORTS.jobManagerRpc),
  "high-availability.jobmanager.port": String(FLINK_PORTS.jobManagerRpc),
  "blob.server.port": String(FLINK_PORTS.blob),
  "taskmanager.rpc.port": String(FLINK_PORTS.taskManagerRpc),
  "taskmanager.data.port": String(FLINK_PORTS.data),
  "restart-strategy.type": "exponential-delay",
});

export const FLINK_ENV: IEnvVar[] = [
  { name: "FLINK_OPT_DIR", value: `${FLINK_HOME}/opt` },
  { name: "FLINK_LOG_DIR", value: "/tmp" },
];

export const FLINK_MOUNTS: IVolumeMount[] = [
  { name: "data", mountPath: FLINK_DATA },
  { name: "script", mountPath: SCRIPT_FOLDER, readOnly: true },
  { name: "kafka-ca", mountPath: KAFKA_CA_FOLDER, readOnly: true },
  { name: "kafka-user", mountPath: KAFKA_USER_FOLDER, readOnly: true },
];

export const createFlinkPod = (): Pick<IPodSpec, "securityContext"> & { volumes: IVolume[] } => ({
  securityContext: createPodRights(USER_ID),
  volumes: [
    { name: "data", persistentVolumeClaim: { claimName: DATA_CLAIM } },
    { name: "script", configMap: { name: SCRIPT_CONFIG_MAP } },
    { name: "kafka-ca", secret: { secretName: KAFKA_CA_SECRET, items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { name: "kafka-user", secret: { secretName: KAFKA_USERS.flink, items: [{ key: "password", path: "password" }] } },
  ],
});

/** One node can give one volume to all pods on it. */
export const createDataClaim = (): IPersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: metadataOf(DATA_CLAIM),
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: STORAGE } } },
});

export const createServiceAccount = (): IServiceAccount => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: metadataOf(FLINK),
});

/** Leader and checkpoints are in ConfigMaps; a Flink that starts its TaskManagers itself also makes pods. */
export const createRole = (flavor: Flavor): IRole => {
  const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
  const resources = flavor === "operator" ? ["configmaps", "pods", "services"] : ["configmaps"];
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: metadataOf(FLINK),
    rules: [
      { apiGroups: [""], resources, verbs },
      // What it makes belongs to the Deployment of its JobManager, and goes with that.
      ...(flavor === "operator" ? [{ apiGroups: ["apps"], resources: ["deployments"], verbs }] : []),
    ],
  };
};

export const createRoleBinding = (): IRoleBinding => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: metadataOf(FLINK),
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: FLINK },
  subjects: [{ kind: "ServiceAccount", name: FLINK, namespace: NAMESPACE }],
});
