/**
 * Kafka in a container: one broker that is its own controller, configured by the variables that the official image turns
 * into properties. Pure.
 *
 * The broker listens inside on the very port that it has outside, so the address that it advertises to programs of this
 * machine is also right for the broker itself.
 */
import { LOOPBACK } from "../../processes/ports.ts";
import { type BrokerSession, brokerProperties } from "../native-configuration.ts";
import type { ContainerReach, ContainerSpec } from "./container-spec.ts";
import type { Labels } from "./labels.ts";

export interface KafkaContainerOptions {
  readonly name: string;
  readonly image: string;
  readonly labels: Labels;
  readonly port: number;
  readonly controllerPort: number;
  readonly heapBytes: number;
  readonly session: BrokerSession;
  /** The network on which other containers reach it; null: nobody does. Only where ports are published. */
  readonly network: string | null;
  readonly isOnHost: boolean;
}

const ALIAS = "kafka";
const INTERNAL_PORT = 9093;
export const KAFKA_INTERNAL_ADDRESS = `${ALIAS}:${INTERNAL_PORT}`;
/** The image declares them as volumes. The engine makes one for each, and puts labels only on those that are asked for. */
export const KAFKA_DATA_FOLDER = "/var/lib/kafka/data";
const OTHER_FOLDERS = ["/etc/kafka/secrets", "/mnt/shared/config"];
const MB_BYTES = 1024 * 1024;

export function createKafkaSpec(options: KafkaContainerOptions): ContainerSpec {
  const { name, image, labels, port, network } = options;
  const reach: ContainerReach = options.isOnHost
    ? { kind: "host" }
    : {
        kind: "published",
        ports: [{ inside: port, host: port }],
        network: network === null ? null : { name: network, alias: ALIAS },
      };
  return {
    name,
    image,
    command: null,
    env: createKafkaEnvironment(options),
    labels,
    reach,
    volumes: [KAFKA_DATA_FOLDER, ...OTHER_FOLDERS],
    file: null,
  };
}

export function createKafkaEnvironment(options: KafkaContainerOptions): Record<string, string> {
  const { port, controllerPort, heapBytes, session, isOnHost } = options;
  const controller = `${LOOPBACK}:${controllerPort}`;
  const client = `${LOOPBACK}:${port}`;
  const hasInternal = !isOnHost && options.network !== null;
  const listeners = {
    "controller.quorum.voters": `1@${controller}`,
    listeners: [
      // In a container of its own network the engine forwards to its address there, which is not known yet.
      `PLAINTEXT://${isOnHost ? LOOPBACK : "0.0.0.0"}:${port}`,
      ...(hasInternal ? [`INTERNAL://0.0.0.0:${INTERNAL_PORT}`] : []),
      `CONTROLLER://${controller}`,
    ].join(","),
    "advertised.listeners": [
      `PLAINTEXT://${client}`,
      ...(hasInternal ? [`INTERNAL://${KAFKA_INTERNAL_ADDRESS}`] : []),
    ].join(","),
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
  };
  return createBrokerVariables(listeners, { heapBytes, session });
}

/** The full set: with any KAFKA_ variable given, the image drops the configuration that it has of its own. */
export function createBrokerVariables(
  listeners: Readonly<Record<string, string>>,
  { heapBytes, session }: Pick<KafkaContainerOptions, "heapBytes" | "session">,
): Record<string, string> {
  const properties = { ...brokerProperties(session), ...listeners, "log.dirs": KAFKA_DATA_FOLDER };
  const variables = Object.entries(properties).map(([property, value]) => [variableOf(property), value]);
  return {
    ...(Object.fromEntries(variables) as Record<string, string>),
    KAFKA_HEAP_OPTS: `-Xmx${Math.floor(heapBytes / MB_BYTES)}m`,
    KAFKA_JVM_PERFORMANCE_OPTS: "-server -XX:+UseParallelGC -Djava.awt.headless=true",
    // Without it the image turns on management, which listens on a port of every address of the machine.
    KAFKA_JMX_OPTS: "-Djava.awt.headless=true",
  };
}

/** The image's rule, read backwards. */
const IMAGE_SIGNS: Readonly<Record<string, string>> = { ".": "_", _: "__", "-": "___" };
const variableOf = (property: string): string =>
  `KAFKA_${property.replace(/[-_.]/g, (sign) => IMAGE_SIGNS[sign] as string).toUpperCase()}`;
