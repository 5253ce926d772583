/** What things are called in the cluster, and where they listen there. Pure. */

export const NAMESPACE = "flink-apphost";
export const KAFKA = "kafka";
export const KAFKA_PORT = 9_093;
/** Strimzi names what it makes after the Kafka. */
export const KAFKA_BOOTSTRAP = `${KAFKA}-kafka-bootstrap:${KAFKA_PORT}`;
export const KAFKA_CA_SECRET = `${KAFKA}-cluster-ca-cert`;
export const KAFKA_USERS = { flink: "flink", producer: "producer", validator: "validator" } as const;
export const REDIS = "redis";
export const REDIS_PORT = 6_379;
/** Of the key, and of the variable that holds its value. */
export const REDIS_PASSWORD = "REDIS_PASSWORD";
export const FLINK = "flink";
export const FLINK_PORTS = {
  rest: 8_081,
  jobManagerRpc: 6_123,
  blob: 6_124,
  taskManagerRpc: 6_122,
  data: 6_121,
} as const;
export const FLINK_VERSION = "2.2.1";
export const FLINK_HOME = "/opt/flink";
/** What is not served by a claim of its own is gone with the pod. */
export const FLINK_DATA = "/flink-data";
export const SCRIPT_NAME = "job.sql";
export const SCRIPT_FOLDER = "/opt/flink-job";
/** With `ca.crt` of Kafka, and the password of the user. */
export const KAFKA_CA_FOLDER = "/opt/kafka-ca";
export const KAFKA_USER_FOLDER = "/opt/kafka-user";

export const PART_OF: Readonly<Record<string, string>> = { "app.kubernetes.io/part-of": NAMESPACE };
/** Whoever has it may call the broker. */
export const KAFKA_CLIENT: Readonly<Record<string, string>> = { "flink-apphost/kafka-client": "true" };

export type Component = "redis" | "jobmanager" | "taskmanager" | "producer" | "validator";

/** By which services, policies and budgets find the pods of one component. */
export const selectorOf = (component: Component): Record<string, string> => ({
  ...PART_OF,
  "app.kubernetes.io/component": component,
});

export const metadataOf = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  namespace: NAMESPACE,
  labels: { ...PART_OF, ...labels },
});
