/** The options of `produce`: a round on the running host or, with --kafka, the producer alone. */
import type { Command } from "commander";
import { createError } from "../../simulator/common/foundation/errors.ts";
import type { HostChoice } from "../control/running-host.ts";
import { readKafkaEntry } from "../kafka-config/kafka-entry.ts";
import { checkMessageIds } from "../message-ids.ts";
import { completeKafka, refuseRemote } from "../option-resolution.ts";
import { oneOf, wholeNumber } from "../option-values.ts";
import {
  camelCase,
  defaultsOf,
  type GivenOptions,
  type HostOptions,
  OPTION_TABLE,
  readOptions,
  type Variables,
} from "../options.ts";
import {
  createFlag,
  createOption,
  createRunOption,
  createValueOption,
  describeDefault,
  parseValue,
  readChoice,
} from "./command-options.ts";
import type { Production } from "./produce-to-kafka.ts";

const ROUND_MESSAGES_MAX = 1_000_000_000_000;
const ROUND_RATE_MAX = 1_000_000_000;
const messagesForm = wholeNumber({ min: 1, max: ROUND_MESSAGES_MAX });
const rateForm = wholeNumber({ min: 0, max: ROUND_RATE_MAX });
const uiForm = oneOf(["plain", "json", "quiet"] as const);

/** Of a Kafka without a host: a host has its own. */
const KAFKA_OPTIONS: readonly (keyof HostOptions)[] = [
  "kafka",
  "kafkaConfig",
  "topic",
  "partitions",
  "messageSize",
  "compression",
  "allowRemote",
];
const CREATE_TOPIC = "create-topic";

export interface RoundRequest extends HostChoice {
  readonly messages: number;
  /** 0: as the run was started. */
  readonly rate: number;
  readonly ui: "plain" | "json" | "quiet";
}

export function addProduceOptions(command: Command): void {
  command
    .addOption(createRunOption())
    .addOption(createValueOption("--messages", messagesForm, "how many messages", { isNeeded: true }))
    .addOption(
      createValueOption("--rate", rateForm, "messages per second; 0 = as the run was started, or as fast as possible", {
        default: "0",
      }),
    )
    .addOption(createValueOption("--ui", uiForm, "how progress is shown", { default: "plain" }))
    .addOption(createFlag(`--${CREATE_TOPIC}`, "with --kafka: create the topic where it does not exist"));
  for (const name of KAFKA_OPTIONS) command.addOption(createOption(name, describeDefault(name, "up")));
}

/**
 * Whether it is for a Kafka and not for a host. Only the command line says so: a variable with an address, which `up` reads,
 * must not lead a round past the host that runs.
 */
export const isForKafka = (given: GivenOptions): boolean =>
  given["kafka"] !== undefined || given["kafkaConfig"] !== undefined;

export function readRoundRequest(given: GivenOptions): RoundRequest {
  const flags = [...KAFKA_OPTIONS.map((name) => OPTION_TABLE[name].flag), CREATE_TOPIC];
  const extra = flags.filter((flag) => given[camelCase(flag)] !== undefined).map((flag) => `--${flag}`);
  if (extra.length > 0) {
    const what = `${extra.join(" and ")} without --kafka: a running host has its own topic and messages`;
    throw createError("USAGE_CONFLICT", { what, advice: "give --kafka HOST:PORT as well, or omit what it has" });
  }
  return {
    ...readChoice(given),
    messages: parseValue("messages", given, messagesForm),
    rate: parseValue("rate", given, rateForm),
    ui: parseValue("ui", given, uiForm),
  };
}

export function readProduction(given: GivenOptions, env: Variables): Production {
  const values = readOptions(KAFKA_OPTIONS, given, env);
  const messages = parseValue("messages", given, messagesForm);
  const rate = parseValue("rate", given, rateForm);
  const { base, run } = readChoice(given);
  if (run !== null) {
    const what = "--run names a host, and --kafka is for a Kafka without one";
    throw createError("USAGE_CONFLICT", { what, advice: "omit one of them" });
  }
  const options = completeKafka({ ...defaultsOf("up"), ...values, messages, rate });
  const { topic } = options;
  if (topic === null) {
    const { form } = OPTION_TABLE.topic;
    throw createError("USAGE_OPTION_MISSING", { option: "--topic", expected: form.expected });
  }
  checkMessageIds(messages);
  refuseRemote(options);
  const mayCreate = given[camelCase(CREATE_TOPIC)] === true;
  const entry = readKafkaEntry(options.kafka ?? [], options.kafkaConfig);
  return { base, entry, topic, mayCreate, ui: parseValue("ui", given, uiForm), options };
}
