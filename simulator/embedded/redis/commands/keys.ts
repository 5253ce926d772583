/** Commands on keys of any type. */

import { CommandError, syntaxError } from "../command-error.ts";
import { compileGlob } from "../glob.ts";
import type { Keyspace, Value } from "../keyspace.ts";
import { parseExpiry, parseInteger, readInteger } from "../numbers/integer.ts";
import { OK, type Reply } from "../reply.ts";
import { type Command, type CommandContext, type CommandTable, checkCursor, parseScanOptions } from "./command.ts";

const remove: Command = {
  arity: -2,
  run: ({ keyspace }, keys) => keys.filter((key) => keyspace.remove(key)).length,
};

export const keyCommands: CommandTable = {
  DEL: remove,
  UNLINK: remove,
  EXISTS: { arity: -2, run: ({ keyspace }, keys) => keys.filter((key) => keyspace.has(key)).length },
  TOUCH: { arity: -2, run: ({ keyspace }, keys) => keys.filter((key) => keyspace.use(key)).length },
  TYPE: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => ({ simple: keyspace.typeOf(key) }) },
  KEYS: {
    arity: 2,
    run: ({ keyspace }, [pattern]: readonly [string]) => keyspace.listKeys().filter(compileGlob(pattern)),
  },
  RANDOMKEY: { arity: 1, run: ({ keyspace }) => keyspace.randomKey() ?? null },
  SCAN: {
    arity: -2,
    run({ keyspace }, [cursor, ...options]: readonly [string, ...string[]]) {
      checkCursor(cursor);
      const { matches, type } = parseScanOptions(options, ["MATCH", "COUNT", "TYPE"]);
      const keys = keyspace.listKeys().filter(matches);
      return ["0", type === undefined ? keys : keys.filter((key) => keyspace.typeOf(key) === type)];
    },
  },
  EXPIRE: expiring("expire", { unitMs: 1_000, absolute: false }),
  PEXPIRE: expiring("pexpire", { unitMs: 1, absolute: false }),
  EXPIREAT: expiring("expireat", { unitMs: 1_000, absolute: true }),
  PEXPIREAT: expiring("pexpireat", { unitMs: 1, absolute: true }),
  TTL: telling((expiresAtMs, nowMs) => Math.floor((Math.max(0, expiresAtMs - nowMs) + 500) / 1_000)),
  PTTL: telling((expiresAtMs, nowMs) => Math.max(0, expiresAtMs - nowMs)),
  EXPIRETIME: telling((expiresAtMs) => Math.floor((expiresAtMs + 500) / 1_000)),
  PEXPIRETIME: telling((expiresAtMs) => expiresAtMs),
  PERSIST: {
    arity: 2,
    run({ keyspace }, [key]: readonly [string]) {
      if (typeof keyspace.expiryOf(key) !== "number") return 0;
      keyspace.setExpiry(key, null);
      return 1;
    },
  },
  RENAME: {
    arity: 3,
    run({ keyspace }, [from, to]: readonly [string, string]) {
      if (!keyspace.rename(from, to)) throw new CommandError("ERR no such key");
      return OK;
    },
  },
  RENAMENX: {
    arity: 3,
    run({ keyspace }, [from, to]: readonly [string, string]) {
      if (!keyspace.has(from)) throw new CommandError("ERR no such key");
      if (keyspace.has(to)) return 0;
      keyspace.rename(from, to);
      return 1;
    },
  },
  COPY: { arity: -3, grows: true, run: copy },
  MOVE: { arity: 3, grows: true, run: move },
  OBJECT: { arity: -2, subcommands: ["ENCODING", "REFCOUNT", "FREQ", "IDLETIME"], run: describeObject },
};

/** EXPIRE key time [NX | XX | GT | LT]. A time in the past removes the key at once. */
function expiring(command: string, { unitMs, absolute }: { unitMs: number; absolute: boolean }): Command {
  return {
    arity: -3,
    run({ keyspace, nowMs }, [key, text, ...options]: readonly [string, string, ...string[]]) {
      const flags = parseExpireFlags(options);
      const now = nowMs();
      const fromMs = absolute ? 0 : now;
      const expiresAtMs = parseExpiry(text, { unitMs, fromMs, command, positive: false });
      const current = keyspace.expiryOf(key);
      if (current === undefined) return 0;
      if (flags.has("NX") && current !== null) return 0;
      if (flags.has("XX") && current === null) return 0;
      // A key without an end counts as one that ends later than any other.
      if (flags.has("GT") && (current === null || expiresAtMs <= current)) return 0;
      if (flags.has("LT") && current !== null && expiresAtMs >= current) return 0;
      if (expiresAtMs <= now) keyspace.remove(key);
      else keyspace.setExpiry(key, expiresAtMs);
      return 1;
    },
  };
}

function parseExpireFlags(options: readonly string[]): ReadonlySet<string> {
  const flags = new Set<string>();
  for (const given of options) {
    const option = given.toUpperCase();
    if (!["NX", "XX", "GT", "LT"].includes(option))
      throw new CommandError(`ERR Unsupported option ${given.slice(0, 128)}`);
    flags.add(option);
  }
  if (flags.has("NX") && flags.size > 1) {
    throw new CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (flags.has("GT") && flags.has("LT")) {
    throw new CommandError("ERR GT and LT options at the same time are not compatible");
  }
  return flags;
}

/** -2: there is no such key; -1: it has no end. */
function telling(tell: (expiresAtMs: number, nowMs: number) => number): Command {
  return {
    arity: 2,
    run({ keyspace, nowMs }, [key]: readonly [string]) {
      const expiresAtMs = keyspace.expiryOf(key);
      if (expiresAtMs === undefined) return -2;
      return expiresAtMs === null ? -1 : tell(expiresAtMs, nowMs());
    },
  };
}

/** COPY source destination [DB index] [REPLACE] */
function copy({ keyspace, server }: CommandContext, args: readonly string[]): Reply {
  const [from, to, ...options] = args as [string, string, ...string[]];
  let target = keyspace;
  let replace = false;
  for (let i = 0; i < options.length; i += 1) {
    const option = (options[i] as string).toUpperCase();
    if (option === "REPLACE") replace = true;
    else if (option === "DB" && i + 1 < options.length) {
      i += 1;
      target = findDatabase(server.databases, options[i] as string);
    } else throw syntaxError();
  }
  if (target === keyspace && from === to) throw new CommandError("ERR source and destination objects are the same");
  const value = keyspace.readAny(from);
  if (value === undefined || (!replace && target.has(to))) return 0;
  target.putCopy(to, value, keyspace.expiryOf(from) ?? null);
  return 1;
}

function move({ keyspace, server }: CommandContext, [key, index]: readonly [string, string]): Reply {
  const target = findDatabase(server.databases, index);
  if (target === keyspace) throw new CommandError("ERR source and destination objects are the same");
  const value = keyspace.readAny(key);
  if (value === undefined || target.has(key)) return 0;
  target.putCopy(key, value, keyspace.expiryOf(key) ?? null);
  keyspace.remove(key);
  return 1;
}

function findDatabase(databases: readonly Keyspace[], text: string): Keyspace {
  const found = databases[Number(parseInteger(text))];
  if (found === undefined) throw new CommandError("ERR DB index is out of range");
  return found;
}

function describeObject({ keyspace }: CommandContext, args: readonly string[]): Reply {
  const [subcommand, key, ...rest] = args as [string, ...string[]];
  const name = subcommand.toUpperCase();
  if (key === undefined || rest.length > 0) {
    throw new CommandError(`ERR wrong number of arguments for 'object|${name.toLowerCase()}' command`);
  }
  const value = keyspace.readAny(key);
  if (value === undefined) return null;
  if (name === "ENCODING") return encodingOf(value);
  if (name === "REFCOUNT") return isShared(value) ? SHARED_REFERENCES : 1;
  if (name === "IDLETIME") return Math.floor((keyspace.idleMsOf(key) ?? 0) / 1_000);
  throw new CommandError(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
  );
}

/** Redis has one object for each of the numbers 0 to 9999, and does not count who uses it. */
const SHARED_REFERENCES = 2_147_483_647;
const isShared = (value: Value): boolean => value.kind === "string" && /^(0|[1-9]\d{0,3})$/.test(value.text);

/** What Redis 7.0 would choose for such a value with its default limits. */
function encodingOf(value: Value): string {
  const isSmall = (texts: Iterable<string>) => [...texts].every((text) => text.length <= 64);
  switch (value.kind) {
    case "string":
      if (readInteger(value.text) !== undefined) return "int";
      return value.text.length <= 44 ? "embstr" : "raw";
    case "list":
      return "quicklist";
    case "stream":
      return "stream";
    case "hash": {
      const small = value.fields.size <= 512 && isSmall(value.fields.keys()) && isSmall(value.fields.values());
      return small ? "listpack" : "hashtable";
    }
    case "set": {
      const integers = value.size <= 512 && value.members.every((member) => readInteger(member) !== undefined);
      return integers ? "intset" : "hashtable";
    }
    case "zset":
      return value.size <= 128 && isSmall(value.ordered.map(({ member }) => member)) ? "listpack" : "skiplist";
  }
}
