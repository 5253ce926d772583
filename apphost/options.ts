/**
 * The options of a run: one public type, one table, one reader. A value of another form ends in USAGE_OPTION_INVALID naming
 * the option (or variable), the value and the expected form. What they come to together is in `option-resolution.ts`.
 */
import { COMPRESSIONS, type Compression, ENGINES, type Engine } from "../simulator/common/contract/child/run-config.ts";
import { MESSAGE } from "../simulator/common/contract/message.ts";
import { GLOBAL_SEQUENCE_KEY, PROCESSED_MESSAGE_COUNTER_KEY } from "../simulator/common/contract/names.ts";
import { PARTITIONS_MAX, TASK_MANAGERS_MAX } from "../simulator/common/contract/state/redis-state.ts";
import {
  formatHttpAddress,
  formatKafkaAddresses,
  formatRedisAddress,
  type HostPort,
  type RedisAddress,
} from "../simulator/common/foundation/address.ts";
import { type AppError, createError } from "../simulator/common/foundation/errors.ts";
import { readMemoryBytes } from "../simulator/common/foundation/machine.ts";
import { maskAddress, maskTyped } from "../simulator/common/foundation/mask.ts";
import {
  byteCount,
  className,
  duration,
  fileForm,
  folderForm,
  httpAddress,
  imageName,
  kafkaAddresses,
  oneOf,
  redisAddress,
  redisKey,
  savepointForm,
  topicForm,
  type ValueForm,
  type WarmUp,
  warmUpForm,
  wholeNumber,
  wordList,
  yesOrNo,
} from "./option-values.ts";
import { catchUsage, throwUsage } from "./usage.ts";

/** The images that containers are made of, by name and tag: the one place that pins them. Each has an option. */
export const CONTAINER_IMAGES = {
  kafka: "apache/kafka:4.3.0",
  redis: "redis:8.6",
  kafkaUi: "kafbat/kafka-ui:v1.5.0",
  flink: "flink:2.2.1-java17",
  /** Of an application that is published. */
  node: "node:24-slim",
} as const;

export type UiMode = "auto" | "tui" | "plain" | "json" | "quiet";
export const THEMES = ["dark", "light"] as const;
export type ThemeName = (typeof THEMES)[number];
/** How containers are reached: by the host's own network, or by published ports. */
export type NetworkChoice = "auto" | "host" | "published";
export type InfraChoice = "auto" | "docker" | "native" | "embedded";

export interface HostOptions {
  /** Messages of the first round; 0 = none. @default 1_000_000, `stress` 10_000_000 */
  readonly messages: number;
  /** Bytes of one message value. @default 100 */
  readonly messageSize: number;
  /** Of the producer's batches, as Kafka's compression.type. @default "none" */
  readonly compression: Compression;
  /** Messages per second that the producer offers; 0 = as fast as possible. @default 0 */
  readonly rate: number;
  /** Bound on first send to last applied effect, in ms; passing it gives exit 5. @default 300_000 */
  readonly maxTimeMs: number;
  /** Made-up messages before the clock of the first round; null: none. */
  readonly warmUp: WarmUp | null;
  /** What runs the job: this runtime, or Apache Flink, from FLINK_HOME or in containers. @default "apphost" */
  readonly engine: Engine;
  /** Path of the user's own Flink SQL, which runs in the place of the built-in job; null: the built-in one. */
  readonly sql: string | null;
  /** Path of the user's own Flink job in a jar; null: none. */
  readonly jar: string | null;
  /** Its class with the main method; null: as its manifest says. */
  readonly jarClass: string | null;
  /** What that main method gets: the words behind `--`. */
  readonly jarArguments: readonly string[] | null;
  /** Path of what must hold between input and output of the user's own job; null: nobody says. */
  readonly expect: string | null;
  /** The REST API of a Flink that runs somewhere; null: with `engine` "flink" the host starts one. */
  readonly flink: HostPort | null;
  /** Of that Flink; null: one is started from FLINK_HOME. */
  readonly sqlGateway: HostPort | null;
  /** @default 20 */
  readonly taskManagers: number;
  /** null: not given; 20, or as many as the topic has when somebody else's topic is counted. */
  readonly partitions: number | null;
  /** Where Kafka and Redis come from when no address is given. @default "auto" */
  readonly infra: InfraChoice;
  /** Brokers of an external Kafka. */
  readonly kafka: readonly HostPort[] | null;
  /** Path of client properties, by which one gets into an external Kafka; null: everybody is let in. */
  readonly kafkaConfig: string | null;
  /** An external Redis; may hold a password. */
  readonly redis: RedisAddress | null;
  /** Images of containers; the defaults are CONTAINER_IMAGES. */
  readonly kafkaImage: string;
  readonly redisImage: string;
  readonly kafkaUiImage: string;
  readonly flinkImage: string;
  /** Path of Flink's SQL connector for Kafka, for containers of Flink; null: that of the image, or of FLINK_HOME. */
  readonly kafkaConnector: string | null;
  /** A web page over the Kafka in a container. @default false */
  readonly withKafkaUi: boolean;
  /** Heap of the broker in a container. @default 1 GB */
  readonly kafkaHeapBytes: number;
  /** How containers are reached. @default "auto" */
  readonly dockerNetwork: NetworkChoice;
  /** Permits writing to servers that are not on this machine. @default false */
  readonly allowRemote: boolean;
  /** @default 1_000 */
  readonly checkpointIntervalMs: number;
  readonly ui: UiMode;
  /** Of the dashboard. @default "dark" */
  readonly theme: ThemeName;
  /** Folder that holds `runs/` and `latest`. @default ".flink-apphost" */
  readonly runDir: string;
  /** What the embedded Kafka may store. @default half of the memory that the machine, or container, has */
  readonly embeddedMemoryBytes: number;
  /** The embedded Kafka creates a topic when a client asks for one that does not exist. @default false */
  readonly embeddedAutoCreateTopics: boolean;
  /** 6379, 9092 and 8081 instead of free ports. @default false */
  readonly fixedPorts: boolean;
  /** Start beside other hosts of the same base folder. @default false */
  readonly isolated: boolean;
  /** Return when the job runs, and leave the host running. @default false */
  readonly detach: boolean;
  /** null: a topic of the run's own name. */
  readonly topic: string | null;
  /** Path of the savepoint that the job starts from: what is behind it in its topic is counted. Null: the topic's start. */
  readonly fromSavepoint: string | null;
  /** Lifts only the check that no message was rejected. @default false */
  readonly allowRejected: boolean;
  /** End with the verdict instead of staying up. @default false, `stress` true */
  readonly once: boolean;
  readonly counterKey: string;
  readonly sequenceKey: string;
  /** A user's own application; null: the built-in one. */
  readonly apphost: string | null;
  /** A test-only operator behind `identity`: shows that a dropped or repeated record is found. */
  readonly testOperator: string | null;
  /** A point at which the host waits for `<run>/hold-released`: lets a test change a fact behind its back. */
  readonly testHold: "before-validation" | null;
  /** For how long a process of ours must be silent to count as hung; null: as long as it is for users. */
  readonly testHungAfterMs: number | null;
}

export interface OptionRow<T> {
  readonly flag: string;
  /** What it does; help adds the form of its values, its default and its variables. */
  readonly help: string;
  readonly form: ValueForm<T>;
  /** Further variables that are read after the twin: the names of the system that this one replaces. */
  readonly alias?: string;
  readonly hidden?: boolean;
  /** What the default comes to, where no value says it. */
  readonly defaultText?: string;
}

const row = <T>(flag: string, form: ValueForm<T>, help: string, more: Partial<OptionRow<T>> = {}): OptionRow<T> => ({
  flag,
  form,
  help,
  ...more,
});

/** Far above what any machine can validate: `message-ids.ts` says how many these are. */
const MESSAGES_MAX = Number.MAX_SAFE_INTEGER;
const DAY_MS = 86_400_000;
const DEFAULT_PARTITIONS = 20;

/** One row an option. The environment twin of `--max-time` is FLINK_APPHOST_MAX_TIME. */
export const OPTION_TABLE: { readonly [K in keyof HostOptions]: OptionRow<NonNullable<HostOptions[K]>> } = {
  messages: row(
    "messages",
    wholeNumber({ min: 0, max: MESSAGES_MAX }),
    "messages to produce in the first round; 0 = none",
    {
      alias: "SIMULATOR_NUM_MESSAGES",
    },
  ),
  messageSize: row(
    "message-size",
    wholeNumber({ min: MESSAGE.sizeMin, max: MESSAGE.sizeMax }),
    "size of a message value",
  ),
  compression: row("compression", oneOf(COMPRESSIONS), "how the producer compresses its batches"),
  rate: row(
    "rate",
    wholeNumber({ min: 0, max: 1_000_000_000 }),
    "messages per second that are offered; 0 = as fast as possible",
  ),
  maxTimeMs: row(
    "max-time",
    duration({ minMs: 1, maxMs: 7 * DAY_MS }),
    "bound on first send to last effect; passing it ends with exit 5",
    {
      alias: "MAX_ALLOWED_TIME_MS",
    },
  ),
  warmUp: row("warm-up", warmUpForm, "made-up messages that warm Kafka before the clock of the first round"),
  engine: row(
    "engine",
    oneOf(ENGINES),
    "what runs the job: this runtime, or Apache Flink, from FLINK_HOME or in containers",
  ),
  sql: row("sql", fileForm, "run the Flink SQL in this file in the place of the built-in job; needs --engine flink"),
  jar: row(
    "jar",
    fileForm,
    "run the Flink job in this jar in the place of the built-in job; words behind -- are its own",
  ),
  jarClass: row("class", className, "the class of --jar with the main method", {
    defaultText: "as the jar's manifest says",
  }),
  jarArguments: row("jar-arguments", wordList, "the same as the words behind --"),
  expect: row("expect", fileForm, "a file that says what must hold between the input and the output of --sql or --jar"),
  flink: row("flink", httpAddress, "run the job on the Apache Flink whose REST API is at this address"),
  sqlGateway: row("sql-gateway", httpAddress, "the SQL Gateway of that Flink; else one is started from FLINK_HOME"),
  taskManagers: row("task-managers", wholeNumber({ min: 1, max: TASK_MANAGERS_MAX }), "TaskManager processes"),
  partitions: row("partitions", wholeNumber({ min: 1, max: PARTITIONS_MAX }), "partitions of the topic", {
    defaultText: `${DEFAULT_PARTITIONS}, or those of an existing topic`,
  }),
  infra: row("infra", oneOf(["auto", "docker", "native", "embedded"]), "where Kafka and Redis come from"),
  kafka: row("kafka", kafkaAddresses, "use the Kafka at this address"),
  kafkaConfig: row("kafka-config", fileForm, "get into a Kafka by this file of Kafka's client properties"),
  redis: row("redis", redisAddress, "use the Redis at this address"),
  kafkaImage: row("kafka-image", imageName, "image of the Kafka container"),
  redisImage: row("redis-image", imageName, "image of the Redis container"),
  kafkaUiImage: row("kafka-ui-image", imageName, "image of the page over Kafka"),
  flinkImage: row("flink-image", imageName, "image of Flink's containers"),
  kafkaConnector: row(
    "kafka-connector",
    fileForm,
    "the jar of Flink's SQL connector for Kafka, for Flink's containers",
    {
      defaultText: "that of the image, or of FLINK_HOME",
    },
  ),
  withKafkaUi: row("with-kafka-ui", yesOrNo, "a web page over the Kafka in a container"),
  kafkaHeapBytes: row("kafka-heap", byteCount(128 * 1024 * 1024), "heap of the broker in a container"),
  dockerNetwork: row("docker-network", oneOf(["auto", "host", "published"]), "how containers are reached"),
  allowRemote: row("allow-remote", yesOrNo, "permit writing to servers of other machines"),
  checkpointIntervalMs: row("checkpoint-interval", duration({ minMs: 10, maxMs: DAY_MS }), "time between checkpoints"),
  ui: row("ui", oneOf(["auto", "tui", "plain", "json", "quiet"]), "how progress is shown"),
  theme: row("theme", oneOf(THEMES), "the dashboard's colours: for a dark or for a light terminal"),
  runDir: row("run-dir", folderForm, "folder that keeps the runs"),
  embeddedMemoryBytes: row(
    "embedded-memory",
    byteCount(1024 * 1024),
    "what the embedded Kafka and Redis may each store",
    {
      defaultText: "half of the memory of this machine, or container",
    },
  ),
  embeddedAutoCreateTopics: row(
    "embedded-auto-create-topics",
    yesOrNo,
    "the embedded Kafka creates a topic when a client asks for one that does not exist",
  ),
  fixedPorts: row("fixed-ports", yesOrNo, "6379, 9092 and 8081 instead of free ports"),
  isolated: row("isolated", yesOrNo, "start beside other hosts of this folder"),
  detach: row("detach", yesOrNo, "return when the job runs, and leave the host running"),
  topic: row("topic", topicForm, "the topic; with --messages 0: count what is in it", {
    defaultText: "one of the run's own name",
    alias: "SIMULATOR_KAFKA_TOPIC",
  }),
  fromSavepoint: row("from-savepoint", savepointForm, "start the job from this savepoint, and count what is behind it"),
  allowRejected: row("allow-rejected", yesOrNo, "records that are no messages do not fail the verdict"),
  once: row("once", yesOrNo, "end with the verdict instead of staying up"),
  counterKey: row("counter-key", redisKey, "Redis key of the published message counter", {
    alias: "SIMULATOR_REDIS_KEY_SINK_COUNTER",
  }),
  sequenceKey: row("sequence-key", redisKey, "Redis key of the published sequence number", {
    alias: "SIMULATOR_REDIS_KEY_GLOBAL_SEQUENCE",
  }),
  apphost: row("apphost", fileForm, "a file with an application of your own"),
  testOperator: row(
    "test-operator",
    oneOf(["test-drop-one", "test-repeat-one", "test-fail-late", "test-drop-row"]),
    "for tests",
    {
      hidden: true,
    },
  ),
  testHold: row("test-hold", oneOf(["before-validation"]), "for tests", { hidden: true }),
  testHungAfterMs: row("test-hung-after", duration({ minMs: 1, maxMs: DAY_MS }), "for tests", { hidden: true }),
};

export type Verb = "up" | "stress";
/** Texts by option name, as the command line gave them; a flag without a value is `true`. */
export type GivenOptions = Readonly<Record<string, string | boolean | undefined>>;
export type Variables = Readonly<Record<string, string | undefined>>;

export function defaultsOf(verb: Verb): HostOptions {
  return {
    messages: verb === "stress" ? 10_000_000 : 1_000_000,
    messageSize: 100,
    compression: "none",
    rate: 0,
    maxTimeMs: 300_000,
    warmUp: null,
    engine: "apphost",
    sql: null,
    jar: null,
    jarClass: null,
    jarArguments: null,
    expect: null,
    flink: null,
    sqlGateway: null,
    taskManagers: 20,
    partitions: null,
    infra: "auto",
    kafka: null,
    kafkaConfig: null,
    redis: null,
    kafkaImage: CONTAINER_IMAGES.kafka,
    redisImage: CONTAINER_IMAGES.redis,
    kafkaUiImage: CONTAINER_IMAGES.kafkaUi,
    flinkImage: CONTAINER_IMAGES.flink,
    kafkaConnector: null,
    withKafkaUi: false,
    kafkaHeapBytes: 1024 ** 3,
    dockerNetwork: "auto",
    allowRemote: false,
    checkpointIntervalMs: 1_000,
    ui: "auto",
    theme: "dark",
    runDir: ".flink-apphost",
    embeddedMemoryBytes: Math.floor(readMemoryBytes() / 2),
    embeddedAutoCreateTopics: false,
    fixedPorts: false,
    isolated: false,
    detach: false,
    topic: null,
    fromSavepoint: null,
    allowRejected: false,
    once: verb === "stress",
    counterKey: PROCESSED_MESSAGE_COUNTER_KEY,
    sequenceKey: GLOBAL_SEQUENCE_KEY,
    apphost: null,
    testOperator: null,
    testHold: null,
    testHungAfterMs: null,
  };
}

export const OPTION_NAMES = Object.keys(OPTION_TABLE) as (keyof HostOptions)[];

export interface OptionsReading {
  readonly values: Partial<HostOptions>;
  readonly problems: readonly { readonly name: keyof HostOptions; readonly error: AppError }[];
}

/** Reads the named options where the command line or the environment has them, and throws nothing. */
export function inspectOptions(
  names: readonly (keyof HostOptions)[],
  given: GivenOptions,
  env: Variables,
): OptionsReading {
  const values: Record<string, unknown> = {};
  const problems: OptionsReading["problems"][number][] = [];
  for (const name of names) {
    const found = catchUsage(() => {
      const value = readOption(name, given, env);
      if (value !== undefined) values[name] = value;
    });
    problems.push(...found.map((error) => ({ name, error })));
  }
  return { values, problems };
}

/** The same, where what is wrong is the end. */
export function readOptions(
  names: readonly (keyof HostOptions)[],
  given: GivenOptions,
  env: Variables,
): Partial<HostOptions> {
  const { values, problems } = inspectOptions(names, given, env);
  throwUsage(problems.map(({ error }) => error));
  return values;
}

function readOption(name: keyof HostOptions, given: GivenOptions, env: Variables): unknown {
  const option = OPTION_TABLE[name] as OptionRow<unknown>;
  const onCommandLine = given[camelCase(option.flag)];
  if (onCommandLine === true) return true;
  if (typeof onCommandLine === "string") return readValue(`--${option.flag}`, onCommandLine, option);
  for (const variable of [environmentTwin(option.flag), option.alias]) {
    const text = variable === undefined ? undefined : env[variable];
    // An empty variable is how shells and compose files say "not set".
    if (variable !== undefined && text !== undefined && text !== "") return readValue(variable, text, option);
  }
  return undefined;
}

function readValue(source: string, text: string, option: OptionRow<unknown>): unknown {
  if (option.flag === "kafka") refuseSecuredKafka(source, text);
  const value = option.form.read(text);
  if (value !== undefined) return value;
  const shown = option.flag === "redis" ? maskAddress(text) : maskTyped(text);
  throw createError("USAGE_OPTION_INVALID", { option: source, value: shown, expected: option.form.expected });
}

/** Says it by name: "expected HOST:PORT" would leave the user of a secured cluster guessing. */
function refuseSecuredKafka(source: string, text: string): void {
  const security = /sasl|@/i.test(text) ? "SASL" : "TLS";
  if (security === "TLS" && !/^(ssl|tls|kafka\+ssl|kafkas):\/\//i.test(text)) return;
  throw createError("USAGE_CONFLICT", {
    what: `${source} asks for ${security} by its address, which has no place for it`,
    advice: "give HOST:PORT, and security.protocol with what it needs in the file of --kafka-config",
  });
}

export const environmentTwin = (flag: string): string => `FLINK_APPHOST_${flag.toUpperCase().replaceAll("-", "_")}`;
export const camelCase = (flag: string): string => flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

export const partitionsOf = ({ partitions }: Pick<HostOptions, "partitions">): number =>
  partitions ?? DEFAULT_PARTITIONS;

/** As a person would give it. */
export const describeWarmUpOption = (warmUp: WarmUp): string => warmUpForm.show?.(warmUp) ?? "";

/** Every option as resolved, secrets masked: for the report. */
export function describeOptions(options: HostOptions): Record<string, string | number | boolean | null> {
  return {
    ...options,
    partitions: partitionsOf(options),
    kafka: options.kafka === null ? null : formatKafkaAddresses(options.kafka),
    jarArguments: options.jarArguments === null ? null : (wordList.show?.(options.jarArguments) ?? null),
    flink: options.flink === null ? null : formatHttpAddress(options.flink),
    sqlGateway: options.sqlGateway === null ? null : formatHttpAddress(options.sqlGateway),
    warmUp: options.warmUp === null ? null : describeWarmUpOption(options.warmUp),
    redis: options.redis === null ? null : maskAddress(formatRedisAddress(options.redis)),
  };
}
