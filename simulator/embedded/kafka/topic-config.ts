/**
 * The topic settings of this broker. A setting is accepted when it is honoured as given: some act (`retention.ms`,
 * `retention.bytes`, `max.message.bytes`, `message.timestamp.type`), a fixed one must have the one value that this broker
 * has, and those that only say when files are flushed or rolled may have any whole number, as there are no files. All
 * else is refused, so that nobody believes in a setting that does nothing.
 */
import { CONFIG_SOURCE, CONFIG_TYPE } from "../../clients/kafka/wire/apis/describe-configs.ts";

/** One setting as a client is told of it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  /** One of CONFIG_SOURCE. */
  readonly source: number;
  /** One of CONFIG_TYPE. */
  readonly type: number;
  readonly documentation: string;
  /** Where the value could come from, the one that counts first. */
  readonly synonyms: readonly { readonly name: string; readonly value: string; readonly source: number }[];
}

type Form =
  | { readonly kind: "oneOf"; readonly values: readonly string[] }
  | { readonly kind: "whole"; readonly min: number; readonly max: number };

interface Setting {
  readonly value: string;
  readonly type: number;
  /** The setting of a broker from which topics have it. */
  readonly brokerName: string;
  readonly documentation: string;
  readonly form: Form;
}

/** Kafka's own default: 1 MiB of records plus the overhead of one batch. */
export const MESSAGE_BYTES_MAX_DEFAULT = 1_048_588;
/** One batch must fit into one request. */
const MESSAGE_BYTES_MAX_LIMIT = 64 * 1024 * 1024;
/** Kafka's "no limit", of sizes and of times. */
const UNLIMITED = -1;
const ANY_WHOLE: Form = { kind: "whole", min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
const UNLIMITED_OR_MORE: Form = { kind: "whole", min: UNLIMITED, max: Number.POSITIVE_INFINITY };
const LOG_APPEND_TIME = "LogAppendTime";
const NO_FILES = "Accepted, and without effect: records are kept in memory.";

const settings: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  [
    "cleanup.policy",
    {
      value: "delete",
      type: CONFIG_TYPE.list,
      brokerName: "log.cleanup.policy",
      documentation: "What happens to old records. Compaction is not served.",
      form: { kind: "oneOf", values: ["delete"] },
    },
  ],
  [
    "compression.type",
    {
      value: "producer",
      type: CONFIG_TYPE.string,
      brokerName: "compression.type",
      documentation: "Batches are stored as the producer has compressed them.",
      form: { kind: "oneOf", values: ["producer"] },
    },
  ],
  ["flush.messages", withoutEffect("9223372036854775807", "log.flush.interval.messages")],
  ["flush.ms", withoutEffect("9223372036854775807", "log.flush.interval.ms")],
  [
    "max.message.bytes",
    {
      value: String(MESSAGE_BYTES_MAX_DEFAULT),
      type: CONFIG_TYPE.int,
      brokerName: "message.max.bytes",
      documentation: "The largest record batch, in bytes.",
      form: { kind: "whole", min: 0, max: MESSAGE_BYTES_MAX_LIMIT },
    },
  ],
  [
    "message.timestamp.type",
    {
      value: "CreateTime",
      type: CONFIG_TYPE.string,
      brokerName: "log.message.timestamp.type",
      documentation: "Whether records have the time of their producer or of their append.",
      form: { kind: "oneOf", values: ["CreateTime", LOG_APPEND_TIME] },
    },
  ],
  [
    "min.insync.replicas",
    {
      value: "1",
      type: CONFIG_TYPE.int,
      brokerName: "min.insync.replicas",
      documentation: "There is one broker, hence one replica.",
      form: { kind: "oneOf", values: ["1"] },
    },
  ],
  [
    "retention.bytes",
    {
      value: String(UNLIMITED),
      type: CONFIG_TYPE.long,
      brokerName: "log.retention.bytes",
      documentation: "Above it a partition's oldest segments are deleted; -1: never.",
      form: UNLIMITED_OR_MORE,
    },
  ],
  [
    "retention.ms",
    {
      value: String(UNLIMITED),
      type: CONFIG_TYPE.long,
      brokerName: "log.retention.ms",
      documentation: "Segments whose newest record is older are deleted; -1: never.",
      form: UNLIMITED_OR_MORE,
    },
  ],
  ["segment.bytes", withoutEffect("1073741824", "log.segment.bytes")],
  ["segment.ms", withoutEffect("604800000", "log.roll.ms")],
]);

function withoutEffect(value: string, brokerName: string): Setting {
  return { value, type: CONFIG_TYPE.long, brokerName, documentation: NO_FILES, form: ANY_WHOLE };
}

export class TopicConfig {
  readonly given: ReadonlyMap<string, string>;
  readonly messageBytesMax: number;
  /** Infinite: never. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly stampsAppends: boolean;

  constructor(given: ReadonlyMap<string, string>) {
    this.given = given;
    this.messageBytesMax = Number(this.#valueOf("max.message.bytes"));
    this.retentionMs = limitOf(this.#valueOf("retention.ms"));
    this.retentionBytes = limitOf(this.#valueOf("retention.bytes"));
    this.stampsAppends = this.#valueOf("message.timestamp.type") === LOG_APPEND_TIME;
  }

  /** All settings, or those of the names asked for; unknown names have no entry. */
  entries(names: readonly string[] | null): ConfigEntry[] {
    const entries: ConfigEntry[] = [];
    for (const [name, setting] of settings) {
      if (names !== null && !names.includes(name)) continue;
      const inherited = { name: setting.brokerName, value: setting.value, source: CONFIG_SOURCE.default };
      const value = this.given.get(name);
      const own = value === undefined ? [] : [{ name, value, source: CONFIG_SOURCE.topic }];
      entries.push({
        name,
        value: value ?? setting.value,
        source: value === undefined ? CONFIG_SOURCE.default : CONFIG_SOURCE.topic,
        type: setting.type,
        documentation: setting.documentation,
        synonyms: [...own, inherited],
      });
    }
    return entries;
  }

  #valueOf(name: string): string | undefined {
    return this.given.get(name) ?? settings.get(name)?.value;
  }
}

function limitOf(value: string | undefined): number {
  const limit = Number(value);
  return limit === UNLIMITED ? Number.POSITIVE_INFINITY : limit;
}

/** What topics have without a setting of their own, as settings of the broker. */
export function inheritedEntries(): ConfigEntry[] {
  return [...settings.values()].map(({ brokerName: name, value, type, documentation }) => {
    const source = CONFIG_SOURCE.default;
    return { name, value, source, type, documentation, synonyms: [{ name, value, source }] };
  });
}

/** True for a setting whose value is a list, to which single items can be added. */
export function isListSetting(name: string): boolean {
  return settings.get(name)?.type === CONFIG_TYPE.list;
}

/** The value that a topic has without one of its own; undefined for an unknown setting. */
export function defaultOf(name: string): string | undefined {
  return settings.get(name)?.value;
}

/** Why this setting cannot be accepted; undefined when it can. */
export function refuseSetting(name: string, value: string | null): string | undefined {
  const setting = settings.get(name);
  if (setting === undefined) {
    return `unknown or unsupported setting ${name}; this broker has ${[...settings.keys()].join(", ")}`;
  }
  if (value === null) return `${name} has no value`;
  const { form } = setting;
  if (form.kind === "oneOf") {
    const known = form.values.join(" or ");
    return form.values.includes(value) ? undefined : `${name} is ${value}: this broker has only ${known}`;
  }
  const isWhole = /^-?\d{1,19}$/.test(value);
  if (isWhole && Number(value) >= form.min && Number(value) <= form.max) return undefined;
  if (form === ANY_WHOLE) return `${name} is ${value}: expected a whole number`;
  const range = form.max === Number.POSITIVE_INFINITY ? `at least ${form.min}` : `${form.min} to ${form.max}`;
  return `${name} is ${value}: expected a whole number, ${range}`;
}
