/** What is published of a run's options, and how the program is called with them there. Pure. */
import { formatHostPort, formatKafkaAddresses, type HostPort } from "../../simulator/common/foundation/address.ts";
import type { ValueForm } from "../option-values.ts";
import { defaultsOf, type HostOptions, OPTION_TABLE } from "../options.ts";

/** By their names on the network that all of it shares. */
export const PUBLISHED_KAFKA: HostPort = { host: "kafka", port: 9092 };
export const PUBLISHED_REDIS: HostPort = { host: "redis", port: 6379 };

/** Of the servers: they become part of what is written. */
export const SERVER_OPTIONS: readonly (keyof HostOptions)[] = ["kafkaImage", "redisImage", "kafkaHeapBytes"];

/** Of the run: the program is called with them. All others are about the machine that it runs on. */
export const RUN_OPTIONS: readonly (keyof HostOptions)[] = [
  "messages",
  "messageSize",
  "compression",
  "rate",
  "maxTimeMs",
  "warmUp",
  "taskManagers",
  "partitions",
  "checkpointIntervalMs",
  "topic",
  "allowRejected",
  "counterKey",
  "sequenceKey",
];

/** Of a job on Flink in a cluster: the other options are about a runtime, or a Kafka, that is not there. */
export const KUBERNETES_OPTIONS: readonly (keyof HostOptions)[] = [
  "messages",
  "messageSize",
  "compression",
  "rate",
  "maxTimeMs",
  "taskManagers",
  "partitions",
  "checkpointIntervalMs",
  "topic",
  "counterKey",
  "redisImage",
  "kafkaHeapBytes",
];

/** What every published run is, whatever was asked for. */
export const FIXED_OPTIONS = {
  once: true,
  ui: "plain",
  kafka: formatKafkaAddresses([PUBLISHED_KAFKA]),
  redis: `redis://${formatHostPort(PUBLISHED_REDIS)}`,
  allowRemote: true,
} as const;

/** Words behind the program's name. The address of Redis holds a password, and comes by its variable. */
export function formatRunCommand(options: HostOptions): string[] {
  const { kafka, ui } = FIXED_OPTIONS;
  const always = ["up", "--once", "--ui", ui, "--kafka", kafka, "--allow-remote"];
  return [...always, ...formatAsked(options, RUN_OPTIONS)];
}

/** Those of the options that are not as they are anyhow, and how many messages. */
export function formatAsked(options: HostOptions, names: readonly (keyof HostOptions)[]): string[] {
  const defaults = defaultsOf("up");
  return names
    .filter((name) => name === "messages" || isOther(options[name], defaults[name]))
    .flatMap((name) => formatOption(name, options));
}

/** Some values are objects. */
const isOther = (value: unknown, other: unknown): boolean => JSON.stringify(value) !== JSON.stringify(other);

function formatOption(name: keyof HostOptions, options: HostOptions): string[] {
  const { flag, form } = OPTION_TABLE[name];
  const value = options[name];
  if (value === true) return [`--${flag}`];
  return [`--${flag}`, (form as ValueForm<unknown>).show?.(value) ?? String(value)];
}
