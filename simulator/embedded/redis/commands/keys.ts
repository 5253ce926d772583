/** Commands on keys of any type. */
import { CommandError, OK, type Reply, syntaxError } from "../reply.ts";
import {
  type CommandContext,
  type CommandTable,
  checkCursor,
  compileGlob,
  parseScanOptions,
  parseSpanMs,
} from "./command.ts";

const remove: CommandTable[string] = {
  arity: -2,
  run: ({ keyspace }, keys) => keys.filter((key) => keyspace.remove(key)).length,
};

const flush: CommandTable[string] = {
  arity: -1,
  run({ keyspace }, [mode]) {
    if (mode !== undefined && !/^(a?sync)$/i.test(mode)) throw syntaxError();
    keyspace.clear();
    return OK;
  },
};

export const keyCommands: CommandTable = {
  DEL: remove,
  UNLINK: remove,
  EXISTS: { arity: -2, run: ({ keyspace }, keys) => keys.filter((key) => keyspace.has(key)).length },
  TYPE: { arity: 2, run: ({ keyspace }, [key]) => ({ simple: keyspace.typeOf(key as string) }) },
  KEYS: {
    arity: 2,
    run: ({ keyspace }, [pattern]) => keyspace.listKeys().filter(compileGlob(pattern as string)),
  },
  SCAN: {
    arity: -2,
    run({ keyspace }, [cursor, ...options]) {
      checkCursor(cursor);
      const { matches, type } = parseScanOptions(options, ["MATCH", "COUNT", "TYPE"]);
      const keys = keyspace.listKeys().filter(matches);
      return ["0", type === undefined ? keys : keys.filter((key) => keyspace.typeOf(key) === type)];
    },
  },
  EXPIRE: { arity: 3, run: (context, args) => expire(context, args, 1_000) },
  PEXPIRE: { arity: 3, run: (context, args) => expire(context, args, 1) },
  TTL: { arity: 2, run: (context, [key]) => remaining(context, key as string, 1_000) },
  PTTL: { arity: 2, run: (context, [key]) => remaining(context, key as string, 1) },
  PERSIST: {
    arity: 2,
    run({ keyspace }, [key]) {
      if (typeof keyspace.expiryOf(key as string) !== "number") return 0;
      keyspace.setExpiry(key as string, null);
      return 1;
    },
  },
  RENAME: {
    arity: 3,
    run({ keyspace }, [from, to]) {
      if (!keyspace.rename(from as string, to as string)) throw new CommandError("ERR no such key");
      return OK;
    },
  },
  DBSIZE: { arity: 1, run: ({ keyspace }) => keyspace.listKeys().length },
  FLUSHDB: flush,
  FLUSHALL: flush,
};

function expire({ keyspace, nowMs }: CommandContext, args: readonly string[], unitMs: number): Reply {
  const [key, span] = args as [string, string];
  const spanMs = parseSpanMs(span, unitMs, unitMs === 1 ? "pexpire" : "expire");
  if (!keyspace.has(key)) return 0;
  // A time in the past removes the key at once.
  if (spanMs <= 0) keyspace.remove(key);
  else keyspace.setExpiry(key, nowMs() + spanMs);
  return 1;
}

function remaining({ keyspace, nowMs }: CommandContext, key: string, unitMs: number): Reply {
  const expiresAtMs = keyspace.expiryOf(key);
  if (expiresAtMs === undefined) return -2;
  if (expiresAtMs === null) return -1;
  const leftMs = Math.max(0, expiresAtMs - nowMs());
  return unitMs === 1 ? leftMs : Math.floor((leftMs + 500) / 1_000);
}
