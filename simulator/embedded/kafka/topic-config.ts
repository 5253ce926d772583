/**
 * The topic settings of this broker. Nothing is expired, compacted or rewritten here, so a setting is accepted when it
 * is honoured as given: `max.message.bytes` is used, a fixed one must have the one value that this broker has, and a
 * limit that an in-memory log never reaches (retention, segments, flushing) may have any whole number. All else is
 * refused, so that nobody believes in a setting that does nothing.
 */
export type ConfigSource = "default" | "topic";

export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  readonly source: ConfigSource;
}

type Setting =
  | { readonly kind: "fixed"; readonly value: string }
  | { readonly kind: "limit"; readonly value: string }
  | { readonly kind: "messageBytes"; readonly value: string };

/** Kafka's own default: 1 MiB of records plus the overhead of one batch. */
export const MESSAGE_BYTES_MAX_DEFAULT = 1_048_588;
/** One batch must fit into one request. */
const MESSAGE_BYTES_MAX_LIMIT = 64 * 1024 * 1024;
const MESSAGE_BYTES_NAME = "max.message.bytes";

const settings: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ["cleanup.policy", { kind: "fixed", value: "delete" }],
  ["compression.type", { kind: "fixed", value: "producer" }],
  ["flush.messages", { kind: "limit", value: "9223372036854775807" }],
  ["flush.ms", { kind: "limit", value: "9223372036854775807" }],
  [MESSAGE_BYTES_NAME, { kind: "messageBytes", value: String(MESSAGE_BYTES_MAX_DEFAULT) }],
  ["message.timestamp.type", { kind: "fixed", value: "CreateTime" }],
  ["min.insync.replicas", { kind: "fixed", value: "1" }],
  ["retention.bytes", { kind: "limit", value: "-1" }],
  ["retention.ms", { kind: "limit", value: "-1" }],
  ["segment.bytes", { kind: "limit", value: "1073741824" }],
  ["segment.ms", { kind: "limit", value: "604800000" }],
]);

export class TopicConfig {
  readonly #given: ReadonlyMap<string, string>;
  readonly messageBytesMax: number;

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
    this.messageBytesMax = Number(given.get(MESSAGE_BYTES_NAME) ?? MESSAGE_BYTES_MAX_DEFAULT);
  }

  /** All settings, or those of the names asked for; unknown names have no entry. */
  entries(names: readonly string[] | null): ConfigEntry[] {
    const entries: ConfigEntry[] = [];
    for (const [name, setting] of settings) {
      if (names !== null && !names.includes(name)) continue;
      const value = this.#given.get(name);
      entries.push({ name, value: value ?? setting.value, source: value === undefined ? "default" : "topic" });
    }
    return entries;
  }
}

/** Why this setting cannot be accepted; undefined when it can. */
export function refuseSetting(name: string, value: string | null): string | undefined {
  const setting = settings.get(name);
  if (setting === undefined) {
    return `unknown or unsupported setting ${name}; this broker has ${[...settings.keys()].join(", ")}`;
  }
  if (value === null) return `${name} has no value`;
  switch (setting.kind) {
    case "fixed":
      return value === setting.value ? undefined : `${name} is ${value}: this broker has only ${setting.value}`;
    case "limit":
      return /^-?\d{1,19}$/.test(value) ? undefined : `${name} is ${value}: expected a whole number`;
    case "messageBytes": {
      const bytes = /^\d{1,9}$/.test(value) ? Number(value) : -1;
      if (bytes >= 0 && bytes <= MESSAGE_BYTES_MAX_LIMIT) return undefined;
      return `${name} is ${value}: expected 0 to ${MESSAGE_BYTES_MAX_LIMIT} bytes`;
    }
  }
}
