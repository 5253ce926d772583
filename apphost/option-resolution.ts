/**
 * What the options of a run come to. Option > environment > file > default. Options that contradict each other end in
 * USAGE_CONFLICT. That and all else that is wrong is told before anything is started, and all at once.
 */
import { readSavepoint, requireSource } from "../simulator/common/contract/files/savepoint-reader.ts";
import { taskManagersMax } from "../simulator/common/contract/state/redis-state.ts";
import { formatHostPort, formatRedisAddress, isLoopback } from "../simulator/common/foundation/address.ts";
import { type AppError, createError } from "../simulator/common/foundation/errors.ts";
import { maskAddress } from "../simulator/common/foundation/mask.ts";
import { completeExternalFlink, refuseExternalFlink } from "./external-flink-options.ts";
import { readKafkaConfig } from "./kafka-config/config-file.ts";
import { checkMessageIds } from "./message-ids.ts";
import {
  defaultsOf,
  type GivenOptions,
  type HostOptions,
  inspectOptions,
  OPTION_NAMES,
  partitionsOf,
  type Variables,
  type Verb,
} from "./options.ts";
import { catchUsage, throwUsage } from "./usage.ts";

/**
 * The complete, checked options of a run. `declared`: values of a user's own application, already of their forms.
 * `problems`: what is wrong with the command line already, told with the rest.
 */
export function resolveOptions(
  verb: Verb,
  given: GivenOptions,
  env: Variables,
  declared: Partial<HostOptions> = {},
  problems: readonly AppError[] = [],
): HostOptions {
  const { values, problems: unreadable } = inspectOptions(OPTION_NAMES, given, env);
  let options: HostOptions = { ...defaultsOf(verb), ...declared, ...values };
  const kafkaRefusals = catchUsage(() => {
    options = completeEngine(completeExternalFlink(completeKafka(options), values.engine ?? declared.engine));
  });
  const savepointRefusals = catchUsage(() => {
    options = completeSavepoint(options, "messages" in values || "messages" in declared);
  });
  const refusals = [...kafkaRefusals, ...savepointRefusals];
  // What cannot be read contradicts nothing.
  const missing = [
    ...unreadable.map(({ name }) => name),
    ...(kafkaRefusals.length > 0 ? (["kafka"] as const) : []),
    ...(savepointRefusals.length > 0 ? (["messages"] as const) : []),
  ];
  const relations = RELATIONS.filter(({ about }) => !about.some((name) => missing.includes(name)));
  throwUsage([
    ...problems,
    ...unreadable.map(({ error }) => error),
    ...refusals,
    ...relations.flatMap(({ check }) => catchUsage(() => check(options, verb))),
  ]);
  return options;
}

/** Flink is run on servers of this machine alone, so there is one way to get them. */
const completeEngine = (options: HostOptions): HostOptions =>
  options.engine === "flink" && options.infra === "auto" ? { ...options, infra: "native" } : options;

/** The file of --kafka-config may say where its Kafka is, and --kafka says it better. */
export function completeKafka(options: HostOptions): HostOptions {
  const { kafka, kafkaConfig } = options;
  if (kafkaConfig === null) return options;
  const { bootstrap } = readKafkaConfig(kafkaConfig);
  if (kafka !== null || bootstrap !== null) return { ...options, kafka: kafka ?? bootstrap };
  const advice = "add the line, or give --kafka HOST:PORT";
  throw createError("USAGE_CONFLICT", { what: `${kafkaConfig} has no bootstrap.servers`, advice });
}

/** The savepoint says which topic it is of. What is in that is counted, and nothing is added to it. */
function completeSavepoint(options: HostOptions, isMessagesGiven: boolean): HostOptions {
  const { fromSavepoint, messages, kafka } = options;
  if (fromSavepoint === null) return options;
  if (isMessagesGiven && messages > 0) {
    throw createError("USAGE_CONFLICT", {
      what: `--from-savepoint counts what is in the savepoint's topic, and --messages ${messages} would add to it`,
      advice: 'omit --messages; "flink-apphost produce --kafka" fills a topic',
    });
  }
  const savepoint = readSavepoint(fromSavepoint);
  const { topic, partitions } = savepoint.file.source;
  requireSource(savepoint, { topic: options.topic ?? topic, partitions: options.partitions ?? partitions });
  if (kafka === null) {
    throw createError("USAGE_CONFLICT", {
      what: `--from-savepoint goes on in topic ${topic}, and a Kafka that the run starts has no such topic`,
      advice: "give the --kafka HOST:PORT that has it",
    });
  }
  return { ...options, messages: 0, topic, partitions, fromSavepoint: savepoint.path };
}

/** Each is looked at only where the options that it is about could be read. */
interface Relation {
  readonly about: readonly (keyof HostOptions)[];
  /** Throws USAGE_CONFLICT. */
  readonly check: (options: HostOptions, verb: Verb) => void;
}

const RELATIONS: readonly Relation[] = [
  { about: ["messages", "topic", "once"], check: refuseEmptyVerdict },
  { about: ["warmUp", "messages"], check: refuseIdleWarmUp },
  { about: ["messages"], check: ({ messages }) => checkMessageIds(messages) },
  { about: ["counterKey", "sequenceKey"], check: refuseSharedKey },
  { about: ["taskManagers", "partitions"], check: refuseTooLargeState },
  {
    about: ["isolated", "fixedPorts"],
    check: ({ isolated, fixedPorts }) =>
      refuseCombination(isolated && fixedPorts, "--isolated with --fixed-ports", "omit one of them"),
  },
  {
    about: ["detach", "once"],
    check: ({ detach, once }, verb) =>
      refuseCombination(detach && once, `${verb} that ends with its verdict, and --detach`, "omit --detach, or --once"),
  },
  {
    about: ["detach", "ui"],
    check: ({ detach, ui }) =>
      refuseCombination(detach && ui === "tui", "--ui tui with --detach", "a detached host has no terminal; omit --ui"),
  },
  {
    about: ["engine", "infra", "kafka", "redis", "messages", "topic", "testOperator", "sql", "jar"],
    check: refuseOnFlink,
  },
  {
    about: ["sql", "jar", "jarClass", "jarArguments", "expect", "engine", "messages", "testOperator"],
    check: refuseUserJob,
  },
  { about: ["flink", "sqlGateway", "allowRemote", "kafka", "kafkaConfig"], check: refuseExternalFlink },
  { about: ["allowRemote", "kafka", "redis", "messages"], check: refuseRemote },
];

/** What is not built is said, and not tried. */
function refuseOnFlink(options: HostOptions): void {
  const { engine, flink, infra, kafka, redis, messages, topic, testOperator, sql, jar } = options;
  const refuse = (what: string, advice: string) => {
    throw createError("USAGE_CONFLICT", { what, advice });
  };
  const isOfFlink = testOperator === "test-drop-row";
  if (testOperator !== null && isOfFlink !== (engine === "flink")) {
    refuse(`--test-operator ${testOperator} is none of --engine ${engine}`, "give another one");
  }
  if (engine !== "flink") return;
  if (flink !== null && infra === "docker") {
    const what = "--flink with --infra docker is not built: its job needs a Kafka and a Redis that it can reach";
    refuse(what, "give --infra native, with KAFKA_HOME set and redis-server on PATH, or --infra embedded");
  }
  if (infra === "docker" && (kafka !== null || redis !== null)) {
    const given = kafka === null ? "--redis" : "--kafka";
    refuse(
      `--engine flink --infra docker with ${given} is not built: its containers know the servers of their network`,
      `omit ${given}, or give --infra native, with FLINK_HOME set`,
    );
  }
  if (messages === 0 && topic !== null && sql === null && jar === null) {
    const what =
      "the built-in job of --engine flink counts what this run produces, and not what is in somebody else's topic";
    refuse(what, "give --messages N, a job of your own with --sql or --jar, or --engine apphost");
  }
}

/** A job of the user's runs on Apache Flink, on what this run produces, or on what is in a topic. */
function refuseUserJob(options: HostOptions): void {
  const { sql, jar, jarClass, jarArguments, expect, engine, testOperator } = options;
  const refuse = (what: string, advice: string) => {
    throw createError("USAGE_CONFLICT", { what, advice });
  };
  const given = sql === null ? "--jar" : "--sql";
  if (jar === null && (jarClass !== null || jarArguments !== null)) {
    refuse(`${jarClass === null ? "words behind --" : "--class"} are of a jar, and there is none`, "add --jar FILE");
  }
  if (expect !== null && sql === null && jar === null) {
    const what = `--expect ${expect} is about a job of your own, and the built-in one has its own checks`;
    refuse(what, "add --sql FILE or --jar FILE");
  }
  if (sql === null && jar === null) return;
  if (sql !== null && jar !== null) refuse("--sql and --jar are two jobs, and a run has one", "omit one of them");
  if (engine !== "flink") refuse(`${given} ${sql ?? jar} is run by Apache Flink`, "add --engine flink");
  if (testOperator !== null) refuse("--test-operator is of the built-in job", `omit ${given}`);
}

function refuseEmptyVerdict({ messages, topic, once }: HostOptions, verb: Verb): void {
  if (messages !== 0 || topic !== null || !once) return;
  throw createError("USAGE_CONFLICT", {
    what: `${verb} with --messages 0 has nothing to process, and a verdict on nothing would be no proof`,
    advice: "give --messages N, or --topic NAME to count what is in a topic",
  });
}

/** It is made for the round that follows, and on the way to it. */
function refuseIdleWarmUp({ warmUp, messages }: HostOptions): void {
  if (warmUp === null || messages > 0) return;
  throw createError("USAGE_CONFLICT", {
    what: "--warm-up comes before the round that the start produces, and with --messages 0 there is none",
    advice: "give --messages N, or omit --warm-up",
  });
}

function refuseSharedKey({ counterKey, sequenceKey }: HostOptions): void {
  if (counterKey !== sequenceKey) return;
  throw createError("USAGE_CONFLICT", {
    what: `--counter-key and --sequence-key are both "${counterKey}"`,
    advice: "give two different keys",
  });
}

/** The state of such a job could be created, but never be recovered. */
function refuseTooLargeState(options: HostOptions): void {
  const partitions = partitionsOf(options);
  const max = taskManagersMax(partitions);
  if (options.taskManagers <= max) return;
  throw createError("USAGE_CONFLICT", {
    what: `--task-managers ${options.taskManagers} with --partitions ${partitions} is more than one atomic Redis write can hold`,
    advice: `give --task-managers ${max} or fewer, or fewer partitions`,
  });
}

function refuseCombination(isGiven: boolean, what: string, advice: string): void {
  if (isGiven) throw createError("USAGE_CONFLICT", { what: `${what} contradict each other`, advice });
}

/** Producing into, or counting in, somebody's servers by accident is worse than one more option. */
export function refuseRemote(options: Pick<HostOptions, "allowRemote" | "kafka" | "redis" | "messages">): void {
  if (options.allowRemote) return;
  const { kafka, redis, messages } = options;
  const brokers = messages === 0 ? [] : (kafka ?? []);
  const remote = brokers.filter(({ host }) => !isLoopback(host)).map(formatHostPort);
  if (redis !== null && !isLoopback(redis.host)) remote.push(maskAddress(formatRedisAddress(redis)));
  if (remote.length === 0) return;
  throw createError("USAGE_CONFLICT", {
    what: `${remote.join(", ")} is not on this machine, and the run would write to it`,
    advice: "add --allow-remote if that is meant",
  });
}
