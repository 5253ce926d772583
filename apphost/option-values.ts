/**
 * The forms of option values. Each reader is pure and returns undefined for a text of another form; the caller names the
 * option, the value and `expected` in its error.
 */
import { parseFileLocation } from "../simulator/common/contract/files/savepoint.ts";
import {
  formatHttpAddress,
  type HostPort,
  KAFKA_ADDRESSES_FORM,
  parseHttpAddress,
  parseKafkaAddresses,
  parseRedisAddress,
  REDIS_ADDRESS_FORM,
  type RedisAddress,
} from "../simulator/common/foundation/address.ts";

export interface ValueForm<T> {
  /** Completes "expected …". */
  readonly expected: string;
  /** What stands for a value in help: `--max-time <duration>`. @default "value" */
  readonly placeholder?: string;
  /** All values, where they are few. */
  readonly choices?: readonly string[];
  read(text: string): T | undefined;
  /** A value as a person would give it; the default is its plain text. */
  show?(value: T): string;
}

/** Digits, with `_` between them where that helps reading. */
function readDigits(text: string): number | undefined {
  if (!/^\d+(_\d+)*$/.test(text)) return undefined;
  const value = Number(text.replaceAll("_", ""));
  return Number.isSafeInteger(value) ? value : undefined;
}

export function wholeNumber(range: { readonly min: number; readonly max: number }): ValueForm<number> {
  return {
    expected: `a whole number from ${range.min} to ${range.max}`,
    placeholder: "number",
    read(text) {
      const value = readDigits(text);
      return value === undefined || value < range.min || value > range.max ? undefined : value;
    },
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function duration(range: { readonly minMs: number; readonly maxMs: number }): ValueForm<number> {
  return {
    expected: `a duration from ${range.minMs} to ${range.maxMs} ms, as milliseconds or with a unit: 300000, 300s, 5m`,
    placeholder: "duration",
    show: (valueMs) => (valueMs % 1_000 === 0 ? `${valueMs / 1_000}s` : `${valueMs}ms`),
    read(text) {
      const match = /^([\d_]+)(ms|s|m|h)?$/.exec(text);
      const count = readDigits(match?.[1] ?? "");
      if (count === undefined) return undefined;
      const valueMs = count * (UNIT_MS[match?.[2] ?? ""] as number);
      return valueMs < range.minMs || valueMs > range.maxMs ? undefined : valueMs;
    },
  };
}

/** Made-up messages before the clock of the first round: for a time, or a number of them. */
export type WarmUp =
  | { readonly kind: "duration"; readonly durationMs: number }
  | { readonly kind: "messages"; readonly messages: number };

const warmUpDuration = duration({ minMs: 100, maxMs: UNIT_MS["h"] as number });
const warmUpMessages = wholeNumber({ min: 1, max: 1_000_000_000 });

/** A bare number is one of messages, and not of milliseconds: half a second is `500ms`. */
export const warmUpForm: ValueForm<WarmUp> = {
  expected:
    "a duration with a unit from 100ms to 1h (500ms, 5s, 1m), or a number of messages from 1 to 1000000000 (200000)",
  placeholder: "duration|messages",
  show: (warmUp) =>
    warmUp.kind === "messages" ? String(warmUp.messages) : (warmUpDuration.show?.(warmUp.durationMs) ?? ""),
  read(text) {
    const messages = warmUpMessages.read(text);
    if (messages !== undefined) return { kind: "messages", messages };
    const durationMs = /[a-z]$/.test(text) ? warmUpDuration.read(text) : undefined;
    return durationMs === undefined ? undefined : { kind: "duration", durationMs };
  },
};

const UNIT_BYTES = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Counted back from now, or a time itself. */
export type PointInTime =
  | { readonly kind: "ago"; readonly agoMs: number }
  | { readonly kind: "at"; readonly timeMs: number };

const AGO_MS_MAX = 366 * 86_400_000;
const agoForm = duration({ minMs: 0, maxMs: AGO_MS_MAX });
/** A time without a zone is one of this machine, as clocks on the wall have it. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/;

export const pointInTime: ValueForm<PointInTime> = {
  expected: "a duration back from now (30s, 5m, 2h) or a time (2026-11-22, 2026-11-22T18:24:24, 2026-11-22T18:24Z)",
  placeholder: "time",
  read(text) {
    // A bare number would be milliseconds to us and seconds since 1970 to others.
    const agoMs = /[a-z]$/.test(text) ? agoForm.read(text) : undefined;
    if (agoMs !== undefined) return { kind: "ago", agoMs };
    const [, date, time = "00:00", zone = ""] = TIME.exec(text) ?? [];
    const timeMs = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone}`);
    return Number.isNaN(timeMs) || !isCalendarDate(date ?? "") ? undefined : { kind: "at", timeMs };
  },
};

/** JavaScript takes the 31st of February for the 3rd of March. */
const isCalendarDate = (date: string): boolean => new Date(`${date}T00:00Z`).toISOString().startsWith(date);

export function byteCount(minBytes: number): ValueForm<number> {
  return {
    expected: `a number of bytes from ${minBytes}, plain or with a unit: 536870912, 512m, 2g`,
    placeholder: "bytes",
    show: (bytes) => (bytes % UNIT_BYTES["g"] === 0 ? `${bytes / UNIT_BYTES["g"]}g` : `${bytes}`),
    read(text) {
      const match = /^([\d_]+)([kmg])?b?$/i.exec(text);
      const count = readDigits(match?.[1] ?? "");
      if (count === undefined) return undefined;
      const bytes = count * UNIT_BYTES[(match?.[2] ?? "").toLowerCase() as keyof typeof UNIT_BYTES];
      return bytes >= minBytes && Number.isSafeInteger(bytes) ? bytes : undefined;
    },
  };
}

export const percentage: ValueForm<number> = {
  expected: "a percentage from 0 to 1000: 10%, 2.5%",
  placeholder: "percent",
  show: (percent) => `${percent}%`,
  read(text) {
    const [, digits] = /^(\d{1,4}(?:\.\d{1,3})?)%?$/.exec(text) ?? [];
    const percent = Number(digits);
    return percent <= 1_000 ? percent : undefined;
  },
};

export function oneOf<T extends string>(values: readonly T[]): ValueForm<T> {
  return {
    expected: `one of ${values.join(", ")}`,
    choices: values,
    read: (text) => values.find((value) => value === text),
  };
}

export const anyText: ValueForm<string> = {
  expected: "a text that is not empty",
  placeholder: "text",
  read: (text) => (text === "" ? undefined : text),
};

/** A flag's environment twin. */
export const yesOrNo: ValueForm<boolean> = {
  expected: "true or false",
  read(text) {
    if (["true", "1", "yes"].includes(text.toLowerCase())) return true;
    return ["false", "0", "no"].includes(text.toLowerCase()) ? false : undefined;
  },
};

/** Kafka's own rule for topic names. */
export const topicForm: ValueForm<string> = {
  expected: "a topic name: letters, digits, '.', '_' and '-', at most 249",
  placeholder: "topic",
  read: (text) => (/^[A-Za-z0-9._-]{1,249}$/.test(text) && text !== "." && text !== ".." ? text : undefined),
};

export const redisKey: ValueForm<string> = {
  expected: "a Redis key of 1 to 512 characters without spaces",
  placeholder: "key",
  read: (text) => (/^\S{1,512}$/.test(text) ? text : undefined),
};

/** A URL is refused, above all one with a password: as a path it would be made, and shown, like any other. */
const isPath = (text: string): boolean => text !== "" && !text.includes("\0") && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);

export const folderForm: ValueForm<string> = {
  expected: "the path of a folder",
  placeholder: "folder",
  read: (text) => (isPath(text) ? text : undefined),
};

export const fileForm: ValueForm<string> = {
  expected: "the path of a file",
  placeholder: "file",
  read: (text) => (isPath(text) ? text : undefined),
};

export const savepointForm: ValueForm<string> = {
  expected: "the folder of a savepoint, as its path or its file: URL",
  placeholder: "savepoint",
  read: (text) => parseFileLocation(text) ?? (isPath(text) ? text : undefined),
};

/** Java's own rule, without its exotic letters. */
export const className: ValueForm<string> = {
  expected: "the name of a Java class with its package: org.example.CopyJob",
  placeholder: "class",
  read: (text) => (/^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/.test(text) ? text : undefined),
};

export const wordList: ValueForm<readonly string[]> = {
  expected: 'words as a list of JSON: ["--topic","orders"]',
  placeholder: "words",
  show: (words) => JSON.stringify(words),
  read(text) {
    try {
      const words: unknown = JSON.parse(text);
      return Array.isArray(words) && words.every((word) => typeof word === "string") ? words : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  },
};

export const imageName: ValueForm<string> = {
  expected: "a container image: [REGISTRY/]NAME[:TAG][@DIGEST]",
  placeholder: "image",
  read: (text) => (/^[a-z0-9][\w.:/-]{0,199}(@sha256:[0-9a-f]{64})?$/.test(text) ? text : undefined),
};

export const imageRegistry: ValueForm<string> = {
  expected: "what stands before the name of an image: REGISTRY[:PORT][/PATH]",
  placeholder: "registry",
  read: (text) => (/^[a-z0-9][\w.-]{0,99}(:\d{1,5})?(\/[a-z0-9][\w.-]{0,99}){0,5}$/.test(text) ? text : undefined),
};

export const runIdForm: ValueForm<string> = {
  expected: "a run id, as in the name of its folder",
  placeholder: "id",
  read: (text) => (/^[A-Za-z0-9-]{1,64}$/.test(text) ? text : undefined),
};

export const kafkaAddresses: ValueForm<readonly HostPort[]> = {
  expected: KAFKA_ADDRESSES_FORM,
  read: parseKafkaAddresses,
};

export const redisAddress: ValueForm<RedisAddress> = { expected: REDIS_ADDRESS_FORM, read: parseRedisAddress };

export const httpAddress: ValueForm<HostPort> = {
  expected: "http://HOST:PORT, without a path; TLS and passwords are not built",
  placeholder: "url",
  show: formatHttpAddress,
  read: parseHttpAddress,
};
