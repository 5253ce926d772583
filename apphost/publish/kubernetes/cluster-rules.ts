/** Who may call whom, and how many of whom may be away at once. Pure. */
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1";
import {
  type Component,
  FLINK_PORTS,
  KAFKA,
  KAFKA_CLIENT,
  KAFKA_PORT,
  metadataOf,
  PART_OF,
  REDIS_PORT,
  selectorOf,
} from "./names.ts";

type Spec = NonNullable<INetworkPolicy["spec"]>;
type Peer = NonNullable<NonNullable<NonNullable<Spec["egress"]>[number]["to"]>>[number];

const DNS_PORT = 53;
/** Of the API server, behind its Service and as it is. It is no pod, so no label finds it. */
const API_PORTS = [443, 6_443];
const FLINK_COMPONENTS: readonly Component[] = ["jobmanager", "taskmanager"];

const portsOf = (...numbers: readonly number[]) => numbers.map((port) => ({ port, protocol: "TCP" as const }));
const podsOf = (labels: Readonly<Record<string, string>>): Peer => ({ podSelector: { matchLabels: { ...labels } } });
const flinkPods: Peer[] = FLINK_COMPONENTS.map((component) => podsOf(selectorOf(component)));
/** Strimzi's own policies say who may call Kafka. */
const brokers = podsOf({ "strimzi.io/cluster": KAFKA, "strimzi.io/kind": "Kafka" });

const createPolicy = (name: string, spec: Spec): INetworkPolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: metadataOf(name),
  spec,
});

/** All of ours are closed, but for names; each of the others opens one way. */
export const createNetworkPolicies = (): INetworkPolicy[] => [
  createPolicy("closed", {
    podSelector: {
      matchLabels: { ...PART_OF },
      matchExpressions: [{ key: "strimzi.io/cluster", operator: "DoesNotExist" }],
    },
    policyTypes: ["Ingress", "Egress"],
    egress: [
      {
        to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
        ports: [
          { port: DNS_PORT, protocol: "UDP" },
          { port: DNS_PORT, protocol: "TCP" },
        ],
      },
    ],
  }),
  createPolicy("to-kafka", {
    podSelector: { matchLabels: { ...KAFKA_CLIENT } },
    policyTypes: ["Egress"],
    egress: [{ to: [brokers], ports: portsOf(KAFKA_PORT) }],
  }),
  createPolicy("redis", {
    podSelector: { matchLabels: selectorOf("redis") },
    policyTypes: ["Ingress"],
    ingress: [{ from: [podsOf(selectorOf("validator"))], ports: portsOf(REDIS_PORT) }],
  }),
  createPolicy("validator-to-redis", {
    podSelector: { matchLabels: selectorOf("validator") },
    policyTypes: ["Egress"],
    egress: [{ to: [podsOf(selectorOf("redis"))], ports: portsOf(REDIS_PORT) }],
  }),
  createPolicy("flink", {
    podSelector: {
      matchLabels: { ...PART_OF },
      matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: [...FLINK_COMPONENTS] }],
    },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: flinkPods, ports: portsOf(...Object.values(FLINK_PORTS)) },
      // The operator asks the JobManager, from whatever namespace it was installed in.
      {
        from: [
          {
            namespaceSelector: {},
            podSelector: { matchLabels: { "app.kubernetes.io/name": "flink-kubernetes-operator" } },
          },
        ],
        ports: portsOf(FLINK_PORTS.rest),
      },
    ],
    egress: [{ to: flinkPods, ports: portsOf(...Object.values(FLINK_PORTS)) }, { ports: portsOf(...API_PORTS) }],
  }),
];

/** A node that is drained takes one at a time; of a single one the drain must still come to an end. */
export const createDisruptionBudgets = (): IPodDisruptionBudget[] =>
  (["redis", "jobmanager", "taskmanager"] as const).map((component) => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadataOf(component, selectorOf(component)),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(component) } },
  }));
