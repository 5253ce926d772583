/** What is run and judged in the cluster: a producer and a validator, each once and to its end. Pure. */
import type { IJob } from "kubernetes-models/batch/v1";
import type { HostOptions } from "../../options.ts";
import { WORK_FOLDER } from "../dockerfile.ts";
import { formatAsked } from "../publication.ts";
import { topicsOf } from "./kafka.ts";
import {
  KAFKA_BOOTSTRAP,
  KAFKA_CA_FOLDER,
  KAFKA_CA_SECRET,
  KAFKA_CLIENT,
  KAFKA_USERS,
  metadataOf,
  REDIS,
  REDIS_PASSWORD,
  REDIS_PORT,
  selectorOf,
} from "./names.ts";
import { createContainerRights, createPodRights, createResources } from "./pod-rights.ts";

/** The user `node` of every image of Node. */
const USER_ID = 1_000;
const JAAS_VARIABLE = "KAFKA_JAAS_CONFIG";
const CLIENT_FILE = "/tmp/client.properties";
/** What is sent or judged by then has not been for lack of time. */
const END_SECONDS = 6 * 3_600;

/** Strimzi has the line with the password in the user's Secret: it goes into a file in memory, and into no argument. */
const CLIENT_LINES = [
  "security.protocol=SASL_SSL",
  "ssl.truststore.type=PEM",
  `ssl.truststore.location=${KAFKA_CA_FOLDER}/ca.crt`,
  "sasl.mechanism=SCRAM-SHA-512",
];
const START = [
  "umask 077",
  `printf '%s\\n' ${CLIENT_LINES.map((line) => `'${line}'`).join(" ")} "sasl.jaas.config=$${JAAS_VARIABLE}" > ${CLIENT_FILE}`,
  'exec flink-apphost "$@"',
].join(" && ");

const KAFKA_WORDS = ["--kafka", KAFKA_BOOTSTRAP, "--kafka-config", CLIENT_FILE, "--allow-remote"];
const SENT: readonly (keyof HostOptions)[] = ["messages", "rate", "messageSize", "compression"];

export const createProducerJob = (options: HostOptions, image: string): IJob => {
  const { input } = topicsOf(options);
  return createJob("producer", image, {
    args: ["produce", "--ui", "plain", "--topic", input, ...KAFKA_WORDS, ...formatAsked(options, SENT)],
    memory: "512Mi",
    env: [],
  });
};

export const createValidatorJob = (options: HostOptions, image: string): IJob => {
  const { input, counts } = topicsOf(options);
  const asked = formatAsked(options, ["messages", "maxTimeMs", "counterKey"]);
  return createJob("validator", image, {
    args: ["validate", "--topic", input, "--counts-topic", counts, ...KAFKA_WORDS, ...asked],
    memory: "1Gi",
    env: [
      { name: REDIS_PASSWORD, valueFrom: { secretKeyRef: { name: REDIS, key: REDIS_PASSWORD } } },
      { name: "FLINK_APPHOST_REDIS", value: `redis://default:$(${REDIS_PASSWORD})@${REDIS}:${REDIS_PORT}` },
    ],
  });
};

type EnvVar = NonNullable<
  NonNullable<NonNullable<IJob["spec"]>["template"]["spec"]>["containers"][number]["env"]
>[number];

interface JobProgram {
  readonly args: string[];
  readonly memory: string;
  readonly env: readonly EnvVar[];
}

/** It is not tried again: messages would be sent twice, and a verdict is one. */
function createJob(name: "producer" | "validator", image: string, { args, memory, env }: JobProgram): IJob {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadataOf(name, selectorOf(name)),
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: END_SECONDS,
      template: {
        metadata: { labels: { ...selectorOf(name), ...KAFKA_CLIENT } },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          securityContext: createPodRights(USER_ID),
          containers: [
            {
              name,
              image,
              command: ["sh", "-c", START, "flink-apphost"],
              args: args.map(escapeForKubernetes),
              env: [
                {
                  name: JAAS_VARIABLE,
                  valueFrom: { secretKeyRef: { name: KAFKA_USERS[name], key: "sasl.jaas.config" } },
                },
                ...env,
              ],
              resources: createResources({ cpu: "1", memory }),
              securityContext: createContainerRights("readOnly"),
              volumeMounts: [
                { name: "work", mountPath: WORK_FOLDER },
                { name: "tmp", mountPath: "/tmp" },
                { name: "kafka-ca", mountPath: KAFKA_CA_FOLDER, readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: "work", emptyDir: { sizeLimit: "1Gi" } },
            { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
            { name: "kafka-ca", secret: { secretName: KAFKA_CA_SECRET, items: [{ key: "ca.crt", path: "ca.crt" }] } },
          ],
        },
      },
    },
  };
}

/** In an argument `$(NAME)` would be replaced by a variable, a password among them. */
const escapeForKubernetes = (word: string): string => word.replaceAll("$(", "$$$$(");
