/** The options of `validate`: where Flink's counts and the topic are, and what must be in it. */
import type { Command } from "commander";
import { createError } from "../../simulator/common/foundation/errors.ts";
import { readKafkaEntry } from "../kafka-config/kafka-entry.ts";
import { completeKafka, refuseRemote } from "../option-resolution.ts";
import { topicForm, wholeNumber } from "../option-values.ts";
import {
  defaultsOf,
  type GivenOptions,
  type HostOptions,
  OPTION_TABLE,
  readOptions,
  type Variables,
} from "../options.ts";
import { createOption, createValueOption, describeDefault, parseOptional, parseValue } from "./command-options.ts";
import type { Validation } from "./validate.ts";

const OPTIONS: readonly (keyof HostOptions)[] = [
  "kafka",
  "kafkaConfig",
  "topic",
  "redis",
  "counterKey",
  "maxTimeMs",
  "allowRemote",
];
const MESSAGES_MAX = 1_000_000_000_000_000;
const messagesForm = wholeNumber({ min: 0, max: MESSAGES_MAX });

export function addValidateOptions(command: Command): void {
  command
    .addOption(createValueOption("--counts-topic", topicForm, "where Flink commits its counts", { isNeeded: true }))
    .addOption(
      createValueOption("--messages", messagesForm, "how many must be there; without it as many as there are"),
    );
  for (const name of OPTIONS) command.addOption(createOption(name, describeDefault(name, "up")));
}

export function readValidation(given: GivenOptions, env: Variables): Validation {
  const values = readOptions(OPTIONS, given, env);
  const options = completeKafka({ ...defaultsOf("up"), ...values });
  const { topic, kafka, redis, counterKey, maxTimeMs } = options;
  for (const [name, value] of [
    ["topic", topic],
    ["kafka", kafka],
  ] as const) {
    const { flag, form } = OPTION_TABLE[name];
    if (value === null) throw createError("USAGE_OPTION_MISSING", { option: `--${flag}`, expected: form.expected });
  }
  // Of Kafka it only reads.
  refuseRemote({ ...options, messages: 0 });
  return {
    kafka: readKafkaEntry(kafka ?? [], options.kafkaConfig).access,
    topic: topic ?? "",
    countsTopic: parseValue("countsTopic", given, topicForm),
    messages: parseOptional("messages", given, messagesForm),
    deadlineMs: maxTimeMs,
    redis: redis === null ? null : { address: redis, key: counterKey },
  };
}
