/** Commands on strings. */
import type { Keyspace } from "../keyspace.ts";
import { CommandError, OK, type Reply, syntaxError, wrongArity } from "../reply.ts";
import { addIntegers, type CommandContext, type CommandTable, parseInteger, parseSpanMs } from "./command.ts";

export const stringCommands: CommandTable = {
  GET: { arity: 2, run: ({ keyspace }, [key]) => keyspace.readString(key as string) ?? null },
  SET: { arity: -3, grows: true, run: set },
  SETNX: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, text]) {
      if (keyspace.has(key as string)) return 0;
      keyspace.setString(key as string, text as string, null);
      return 1;
    },
  },
  GETSET: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, text]) {
      const before = keyspace.readString(key as string) ?? null;
      keyspace.setString(key as string, text as string, null);
      return before;
    },
  },
  GETDEL: {
    arity: 2,
    run({ keyspace }, [key]) {
      const before = keyspace.readString(key as string) ?? null;
      keyspace.remove(key as string);
      return before;
    },
  },
  MGET: {
    arity: -2,
    // A key of another type counts as absent here, as in Redis.
    run: ({ keyspace }, keys) =>
      keys.map((key) => (keyspace.typeOf(key) === "string" ? (keyspace.readString(key) ?? null) : null)),
  },
  MSET: {
    arity: -3,
    grows: true,
    run({ keyspace }, args) {
      if (args.length % 2 !== 0) throw wrongArity("mset");
      for (let i = 0; i < args.length; i += 2) keyspace.setString(args[i] as string, args[i + 1] as string, null);
      return OK;
    },
  },
  APPEND: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, tail]) {
      const text = (keyspace.readString(key as string) ?? "") + (tail as string);
      keyspace.setString(key as string, text, keyspace.expiryOf(key as string) ?? null);
      return text.length;
    },
  },
  STRLEN: { arity: 2, run: ({ keyspace }, [key]) => (keyspace.readString(key as string) ?? "").length },
  INCR: { arity: 2, grows: true, run: ({ keyspace }, [key]) => increment(keyspace, key as string, 1n) },
  DECR: { arity: 2, grows: true, run: ({ keyspace }, [key]) => increment(keyspace, key as string, -1n) },
  INCRBY: {
    arity: 3,
    grows: true,
    run: ({ keyspace }, [key, by]) => increment(keyspace, key as string, parseInteger(by)),
  },
  DECRBY: {
    arity: 3,
    grows: true,
    run: ({ keyspace }, [key, by]) => increment(keyspace, key as string, -parseInteger(by)),
  },
};

function increment(keyspace: Keyspace, key: string, by: bigint): bigint {
  const before = keyspace.readString(key);
  const sum = addIntegers(before === undefined ? 0n : parseInteger(before), by);
  keyspace.setString(key, String(sum), keyspace.expiryOf(key) ?? null);
  return sum;
}

/** SET key value [NX | XX] [EX seconds | PX milliseconds | KEEPTTL] */
function set({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [key, text, ...options] = args as [string, string, ...string[]];
  let condition: "NX" | "XX" | undefined;
  let expiresAtMs: number | null | undefined;
  for (let i = 0; i < options.length; i += 1) {
    const option = (options[i] as string).toUpperCase();
    if ((option === "NX" || option === "XX") && condition === undefined) condition = option;
    else if (option === "KEEPTTL" && expiresAtMs === undefined) expiresAtMs = keyspace.expiryOf(key) ?? null;
    else if ((option === "EX" || option === "PX") && expiresAtMs === undefined && i + 1 < options.length) {
      i += 1;
      const spanMs = parseSpanMs(options[i], option === "EX" ? 1_000 : 1, "set");
      if (spanMs <= 0) throw new CommandError("ERR invalid expire time in 'set' command");
      expiresAtMs = nowMs() + spanMs;
    } else throw syntaxError();
  }
  if (condition !== undefined && keyspace.has(key) !== (condition === "XX")) return null;
  keyspace.setString(key, text, expiresAtMs ?? null);
  return OK;
}
