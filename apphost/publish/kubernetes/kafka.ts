/** Kafka by Strimzi: nodes that are broker and controller, the two topics, and a user for each who comes. Pure. */
import type {
  IKafka,
  IKafkaNodePool,
  IKafkaTopic,
  IKafkaUser,
} from "@kubernetes-models/strimzi-kafka-operator/kafka.strimzi.io/v1";
import type { HostOptions } from "../../options.ts";
import { partitionsOf } from "../../options.ts";
import { OWN_TOPIC_SETTINGS } from "../../resources/topic-settings.ts";
import { KAFKA, KAFKA_CLIENT, KAFKA_PORT, KAFKA_USERS, metadataOf } from "./names.ts";
import { createContainerRights, createResources } from "./pod-rights.ts";

const MEBIBYTE = 1_048_576;
/** What a JVM has beside its heap, and pages of the newest segments. */
const BROKER_EXTRA_MIB = 1_024;
const STORAGE = "20Gi";
const OF_CLUSTER = { "strimzi.io/cluster": KAFKA };
const ONE_REPLICA = { replicas: 1, inSync: 1 };

/** Without a volume that is the node's alone, a broker that moves would begin anew. */
export const createNodePool = ({ kafkaHeapBytes }: Pick<HostOptions, "kafkaHeapBytes">): IKafkaNodePool => {
  const heapMib = Math.ceil(kafkaHeapBytes / MEBIBYTE);
  return {
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaNodePool",
    metadata: metadataOf("node", OF_CLUSTER),
    spec: {
      replicas: ONE_REPLICA.replicas,
      roles: ["controller", "broker"],
      storage: {
        type: "jbod",
        volumes: [{ id: 0, type: "persistent-claim", size: STORAGE, kraftMetadata: "shared", deleteClaim: false }],
      },
      jvmOptions: { "-Xms": `${heapMib}m`, "-Xmx": `${heapMib}m` },
      resources: createResources({ cpu: "1", memory: `${heapMib + BROKER_EXTRA_MIB}Mi` }),
    },
  };
};

/** What the durability of a topic, of offsets and of transactions is made of. */
export const createReplicationConfig = ({ replicas, inSync }: { replicas: number; inSync: number }) => ({
  "default.replication.factor": replicas,
  "min.insync.replicas": inSync,
  "offsets.topic.replication.factor": replicas,
  "transaction.state.log.replication.factor": replicas,
  "transaction.state.log.min.isr": inSync,
});

/** The version is that which the installed Strimzi has as its default: each Strimzi knows a few alone. */
export const createKafka = (): IKafka => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "Kafka",
  metadata: metadataOf(KAFKA),
  spec: {
    kafka: {
      listeners: [
        {
          name: "tls",
          port: KAFKA_PORT,
          type: "internal",
          tls: true,
          authentication: { type: "scram-sha-512" },
          networkPolicyPeers: [{ podSelector: { matchLabels: { ...KAFKA_CLIENT } } }],
        },
      ],
      authorization: { type: "simple" },
      config: { ...createReplicationConfig(ONE_REPLICA), "auto.create.topics.enable": false },
      template: {
        pod: { securityContext: STRIMZI_POD_RIGHTS },
        kafkaContainer: { securityContext: createContainerRights("writable") },
      },
    },
    entityOperator: {
      topicOperator: { resources: createResources({ cpu: "200m", memory: "512Mi" }) },
      userOperator: { resources: createResources({ cpu: "200m", memory: "512Mi" }) },
      template: {
        pod: { securityContext: STRIMZI_POD_RIGHTS },
        topicOperatorContainer: { securityContext: createContainerRights("writable") },
        userOperatorContainer: { securityContext: createContainerRights("writable") },
      },
    },
  },
});

/** Its images have a user without rights of their own, in group 0. */
const STRIMZI_POD_RIGHTS = { runAsNonRoot: true, fsGroup: 0, seccompProfile: { type: "RuntimeDefault" } };

export interface PublishedTopics {
  readonly input: string;
  readonly counts: string;
}

const INPUT = "flink-apphost.input";

export const topicsOf = ({ topic }: Pick<HostOptions, "topic">): PublishedTopics => {
  const input = topic ?? INPUT;
  return { input, counts: `${input}.counts` };
};

/** Of the counts the newest row of each key is all that anybody reads; they lie in one partition, and so in one order. */
export const createTopics = (options: HostOptions): IKafkaTopic[] => {
  const { input, counts } = topicsOf(options);
  return [
    createTopic("input", input, partitionsOf(options), { ...OWN_TOPIC_SETTINGS }),
    createTopic("counts", counts, 1, { "cleanup.policy": "compact" }),
  ];
};

const createTopic = (
  name: string,
  topicName: string,
  partitions: number,
  config: Record<string, string>,
): IKafkaTopic => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaTopic",
  // A topic may have a name that an object of Kubernetes may not.
  metadata: metadataOf(name, OF_CLUSTER),
  spec: { topicName, partitions, replicas: ONE_REPLICA.replicas, config },
});

type Acl = NonNullable<NonNullable<IKafkaUser["spec"]["authorization"]>["acls"]>[number];
type Operation = NonNullable<Acl["operations"]>[number];

const permit = (type: "topic" | "group" | "transactionalId", name: string, ...operations: Operation[]): Acl => ({
  resource: { type, name, patternType: type === "topic" ? "literal" : "prefix" },
  operations,
  host: "*",
});

/** Each with what it does, and no more. Strimzi invents the passwords and keeps them in Secrets of the users' names. */
export const createUsers = (options: HostOptions): IKafkaUser[] => {
  const { input, counts } = topicsOf(options);
  return [
    createUser(KAFKA_USERS.flink, [
      permit("topic", input, "Read", "Describe"),
      permit("topic", counts, "Write", "Describe"),
      permit("group", KAFKA_USERS.flink, "Read"),
      permit("transactionalId", KAFKA_USERS.flink, "Write", "Describe"),
    ]),
    createUser(KAFKA_USERS.producer, [permit("topic", input, "Write", "Describe", "DescribeConfigs")]),
    createUser(KAFKA_USERS.validator, [
      permit("topic", input, "Read", "Describe"),
      permit("topic", counts, "Read", "Describe"),
    ]),
  ];
};

const createUser = (name: string, acls: Acl[]): IKafkaUser => ({
  apiVersion: "kafka.strimzi.io/v1",
  kind: "KafkaUser",
  metadata: metadataOf(name, OF_CLUSTER),
  spec: { authentication: { type: "scram-sha-512" }, authorization: { type: "simple", acls } },
});
