/**
 * A program of Flink in a container, run by Java itself: the image's start script would run a further JVM for each, which
 * rewrites the configuration inside. Pure.
 *
 * The folder of the cluster is one of this machine, and bound to the same path inside. So a checkpoint has one URI, and the
 * host finds the newest one when every container of Flink is dead. What is written there belongs to this user.
 */
import type { ContainerReach, ContainerSpec, ContainerUser } from "./container-spec.ts";
import type { FlinkImage } from "./flink-image.ts";
import type { Labels } from "./labels.ts";

export interface FlinkContainerOptions {
  readonly name: string;
  readonly image: Extract<FlinkImage, { kind: "usable" }>;
  readonly labels: Labels;
  readonly reach: ContainerReach;
  readonly user: ContainerUser;
  /** Absolute. */
  readonly folder: string;
  /** In that folder; null: the image has it. */
  readonly kafkaConnectorJar: string | null;
  /** Of Java. */
  readonly args: readonly string[];
}

export function createFlinkSpec(options: FlinkContainerOptions): ContainerSpec {
  const { name, image, labels, reach, user, folder, kafkaConnectorJar, args } = options;
  const { home, gatewayJar } = image;
  const connector = kafkaConnectorJar === null ? [] : [kafkaConnectorJar];
  return {
    name,
    image: image.name,
    command: args,
    env: {
      LC_ALL: "C.UTF-8",
      CLASSPATH: [...connector, `${home}/lib/*`, gatewayJar].join(":"),
      FLINK_CONF_DIR: "conf",
      FLINK_LIB_DIR: `${home}/lib`,
      FLINK_PLUGINS_DIR: `${home}/plugins`,
    },
    labels,
    reach,
    volumes: [],
    file: null,
    program: { name: "java", folder, user },
  };
}

/** As whom a container writes what this user owns. Root of a rootless engine is the user who runs it. */
export function mapUser(
  securityOptions: readonly string[],
  here = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
): ContainerUser {
  if (securityOptions.some((option) => option.includes("name=rootless"))) return { id: "0:0", usernsMode: "" };
  const isMapped = securityOptions.some((option) => option.includes("name=userns"));
  return { id: `${here.uid}:${here.gid}`, usernsMode: isMapped ? "host" : "" };
}
