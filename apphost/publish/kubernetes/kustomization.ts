/** What kustomize is told: the base, the overlays for one node and for several, and the jobs. Pure. */
import type { IFlinkDeployment } from "@kubernetes-models/flink/flink.apache.org/v1beta1";
import type {
  IKafka,
  IKafkaNodePool,
  IKafkaTopic,
} from "@kubernetes-models/strimzi-kafka-operator/kafka.strimzi.io/v1";
import type { IDeployment } from "kubernetes-models/apps/v1";
import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import type { IPersistentVolumeClaim, IPodSpec } from "kubernetes-models/v1";
import type { HostOptions } from "../../options.ts";
import type { Flavor } from "./flavor.ts";
import { DATA_CLAIM, parallelismOf, taskManagersFor } from "./flink-cluster.ts";
import { createReplicationConfig } from "./kafka.ts";
import { type Component, FLINK, KAFKA, NAMESPACE, PART_OF, selectorOf } from "./names.ts";

export interface Kustomization {
  readonly apiVersion: "kustomize.config.k8s.io/v1beta1";
  readonly kind: "Kustomization";
  readonly namespace?: string;
  readonly resources: readonly string[];
  readonly patches?: readonly { readonly path: string }[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly files: readonly string[] }[];
  readonly secretGenerator?: readonly { readonly name: string; readonly envs: readonly string[] }[];
  readonly generatorOptions?: {
    readonly disableNameSuffixHash: boolean;
    readonly labels: Readonly<Record<string, string>>;
  };
}

export const createKustomization = (parts: Omit<Kustomization, "apiVersion" | "kind">): Kustomization => ({
  apiVersion: "kustomize.config.k8s.io/v1beta1",
  kind: "Kustomization",
  ...parts,
});

/** Operators' objects name what is generated, and kustomize does not know where: so the names stay as they are. */
export const createBase = (
  resources: readonly string[],
  generated: Pick<Kustomization, "configMapGenerator" | "secretGenerator">,
): Kustomization =>
  createKustomization({
    namespace: NAMESPACE,
    resources,
    ...generated,
    generatorOptions: { disableNameSuffixHash: true, labels: PART_OF },
  });

/** What a patch says of an object: which it is, and what is other there. */
type Changed<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Changed<T[K]> } : T;
export type Patch<T extends { apiVersion: string; kind: string }> = Changed<T> & Pick<T, "apiVersion" | "kind">;

const NODES = 3;
const IN_SYNC = 2;
const STANDBY_REPLICAS = 2;
const on = (name: string) => ({ name, namespace: NAMESPACE });

/** Pods of one kind on as many nodes as there are. */
const spread = (
  labels: Record<string, string>,
  whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway",
): NonNullable<IPodSpec["topologySpreadConstraints"]> => [
  { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable, labelSelector: { matchLabels: labels } },
];

/** By the name of its file. For three to five nodes: what is lost with one of them is there twice more. */
export function createNodePatches(options: HostOptions, flavor: Flavor): ReadonlyMap<string, object> {
  return new Map<string, object>([
    ["kafka-nodes.yaml", createNodePoolPatch()],
    ["kafka.yaml", createKafkaPatch()],
    ["topic-input.yaml", createTopicPatch("input")],
    ["topic-counts.yaml", createTopicPatch("counts")],
    ["flink-data.yaml", createDataPatch()],
    ...(flavor === "operator" ? createOperatorPatches(options) : createStandalonePatches(options)),
  ]);
}

/** A quorum of controllers, and of replicas, must not be lost with one node. */
const createNodePoolPatch = (): Patch<IKafkaNodePool> => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaNodePool",
  metadata: on("node"),
  spec: {
    replicas: NODES,
    template: {
      pod: {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: { "strimzi.io/cluster": KAFKA, "strimzi.io/pool-name": "node" } },
          },
        ],
      },
    },
  },
});

const createKafkaPatch = (): Patch<IKafka> => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "Kafka",
  metadata: on(KAFKA),
  spec: { kafka: { config: createReplicationConfig({ replicas: NODES, inSync: IN_SYNC }) } },
});

const createTopicPatch = (name: string): Patch<IKafkaTopic> => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaTopic",
  metadata: on(name),
  spec: { replicas: NODES },
});

/** Pods on several nodes read and write it at once. */
const createDataPatch = (): Patch<IPersistentVolumeClaim> => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: on(DATA_CLAIM),
  spec: { accessModes: ["ReadWriteMany"] },
});

function createOperatorPatches(options: HostOptions): readonly (readonly [string, Patch<IFlinkDeployment>])[] {
  const patch: Patch<IFlinkDeployment> = {
    apiVersion: "flink.apache.org/v1beta1",
    kind: "FlinkDeployment",
    metadata: on(FLINK),
    spec: {
      job: { parallelism: parallelismOf(options) },
      jobManager: {
        replicas: STANDBY_REPLICAS,
        podTemplate: { spec: { topologySpreadConstraints: spread(selectorOf("jobmanager"), "DoNotSchedule") } },
      },
      taskManager: {
        podTemplate: { spec: { topologySpreadConstraints: spread(selectorOf("taskmanager"), "ScheduleAnyway") } },
      },
    },
  };
  return [["flink.yaml", patch]];
}

function createStandalonePatches(
  options: HostOptions,
): readonly (readonly [string, Patch<IDeployment> | Patch<IHorizontalPodAutoscaler>])[] {
  const taskManagers = taskManagersFor(parallelismOf(options));
  const autoscaler: Patch<IHorizontalPodAutoscaler> = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: on("taskmanager"),
    spec: { minReplicas: Math.min(NODES, taskManagers) },
  };
  return [
    ["jobmanager.yaml", createDeploymentPatch("jobmanager", "DoNotSchedule", STANDBY_REPLICAS)],
    ["taskmanager.yaml", createDeploymentPatch("taskmanager", "ScheduleAnyway")],
    ["autoscaler.yaml", autoscaler],
  ];
}

const createDeploymentPatch = (
  component: Component,
  whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway",
  replicas?: number,
): Patch<IDeployment> => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: on(component),
  spec: {
    ...(replicas !== undefined && { replicas }),
    template: { spec: { topologySpreadConstraints: spread(selectorOf(component), whenUnsatisfiable) } },
  },
});
