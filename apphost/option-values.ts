/**
 * The forms of option values. Each reader is pure and returns undefined for a text of another form; the caller names the
 * option, the value and `expected` in its error.
 */
import {
  type HostPort,
  KAFKA_ADDRESSES_FORM,
  parseKafkaAddresses,
  parseRedisAddress,
  REDIS_ADDRESS_FORM,
  type RedisAddress,
} from "../simulator/common/foundation/address.ts";

export interface ValueForm<T> {
  /** Completes "expected …". */
  readonly expected: string;
  read(text: string): T | undefined;
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
    read(text) {
      const match = /^([\d_]+)(ms|s|m|h)?$/.exec(text);
      const count = readDigits(match?.[1] ?? "");
      if (count === undefined) return undefined;
      const valueMs = count * (UNIT_MS[match?.[2] ?? ""] as number);
      return valueMs < range.minMs || valueMs > range.maxMs ? undefined : valueMs;
    },
  };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

export function byteCount(minBytes: number): ValueForm<number> {
  return {
    expected: `a number of bytes from ${minBytes}, plain or with a unit: 536870912, 512m, 2g`,
    read(text) {
      const match = /^([\d_]+)([kmg])?b?$/i.exec(text);
      const count = readDigits(match?.[1] ?? "");
      if (count === undefined) return undefined;
      const bytes = count * (UNIT_BYTES[(match?.[2] ?? "").toLowerCase()] as number);
      return bytes >= minBytes && Number.isSafeInteger(bytes) ? bytes : undefined;
    },
  };
}

export function oneOf<T extends string>(values: readonly T[]): ValueForm<T> {
  return { expected: `one of ${values.join(", ")}`, read: (text) => values.find((value) => value === text) };
}

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
  read: (text) => (/^[A-Za-z0-9._-]{1,249}$/.test(text) && text !== "." && text !== ".." ? text : undefined),
};

export const redisKey: ValueForm<string> = {
  expected: "a Redis key of 1 to 512 characters without spaces",
  read: (text) => (/^\S{1,512}$/.test(text) ? text : undefined),
};

export const folderForm: ValueForm<string> = {
  expected: "a folder name",
  read: (text) => (text !== "" && !text.includes("\0") ? text : undefined),
};

export const fileForm: ValueForm<string> = {
  expected: "the path of a file",
  read: (text) => (text !== "" && !text.includes("\0") ? text : undefined),
};

export const imageName: ValueForm<string> = {
  expected: "a container image: [REGISTRY/]NAME[:TAG][@DIGEST]",
  read: (text) => (/^[a-z0-9][\w.:/-]{0,199}(@sha256:[0-9a-f]{64})?$/.test(text) ? text : undefined),
};

export const runIdForm: ValueForm<string> = {
  expected: "a run id, as in the name of its folder",
  read: (text) => (/^[A-Za-z0-9-]{1,64}$/.test(text) ? text : undefined),
};

export const kafkaAddresses: ValueForm<readonly HostPort[]> = {
  expected: KAFKA_ADDRESSES_FORM,
  read: parseKafkaAddresses,
};

export const redisAddress: ValueForm<RedisAddress> = { expected: REDIS_ADDRESS_FORM, read: parseRedisAddress };
