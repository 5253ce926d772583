/** Commands on hashes. */
import type { Keyspace } from "../keyspace.ts";
import { CommandError, OK, type Reply, wrongArity } from "../reply.ts";
import { addIntegers, type CommandTable, checkCursor, parseInteger, parseScanOptions } from "./command.ts";

export const hashCommands: CommandTable = {
  HSET: { arity: -4, grows: true, run: ({ keyspace }, args) => setFields(keyspace, "hset", args) },
  HMSET: {
    arity: -4,
    grows: true,
    run({ keyspace }, args) {
      setFields(keyspace, "hmset", args);
      return OK;
    },
  },
  HSETNX: {
    arity: 4,
    grows: true,
    run({ keyspace }, [key, field, text]) {
      if (keyspace.readHash(key as string)?.has(field as string)) return 0;
      keyspace.setField(key as string, field as string, text as string);
      return 1;
    },
  },
  HGET: { arity: 3, run: ({ keyspace }, [key, field]) => readField(keyspace, key as string, field as string) },
  HMGET: {
    arity: -3,
    run({ keyspace }, [key, ...fields]) {
      const hash = keyspace.readHash(key as string);
      return fields.map((field) => hash?.get(field) ?? null);
    },
  },
  HGETALL: { arity: 2, run: ({ keyspace }, [key]) => [...(keyspace.readHash(key as string) ?? [])].flat() },
  HDEL: {
    arity: -3,
    run: ({ keyspace }, [key, ...fields]) =>
      fields.filter((field) => keyspace.removeField(key as string, field)).length,
  },
  HEXISTS: {
    arity: 3,
    run: ({ keyspace }, [key, field]) => (keyspace.readHash(key as string)?.has(field as string) ? 1 : 0),
  },
  HLEN: { arity: 2, run: ({ keyspace }, [key]) => keyspace.readHash(key as string)?.size ?? 0 },
  HKEYS: { arity: 2, run: ({ keyspace }, [key]) => [...(keyspace.readHash(key as string)?.keys() ?? [])] },
  HVALS: { arity: 2, run: ({ keyspace }, [key]) => [...(keyspace.readHash(key as string)?.values() ?? [])] },
  HINCRBY: {
    arity: 4,
    grows: true,
    run({ keyspace }, [key, field, by]) {
      // Redis reads the increment before it looks at the key, and which error comes first follows from that.
      const increment = parseInteger(by);
      const before = readField(keyspace, key as string, field as string);
      if (before !== null && !/^(0|-?[1-9]\d{0,18})$/.test(before)) {
        throw new CommandError("ERR hash value is not an integer");
      }
      const sum = addIntegers(before === null ? 0n : parseInteger(before), increment);
      keyspace.setField(key as string, field as string, String(sum));
      return sum;
    },
  },
  HSCAN: {
    arity: -3,
    run({ keyspace }, [key, cursor, ...options]) {
      checkCursor(cursor);
      const { matches } = parseScanOptions(options, ["MATCH", "COUNT"]);
      const fields = [...(keyspace.readHash(key as string) ?? [])].filter(([field]) => matches(field));
      return ["0", fields.flat()];
    },
  },
};

function readField(keyspace: Keyspace, key: string, field: string): string | null {
  return keyspace.readHash(key)?.get(field) ?? null;
}

/** Returns how many fields are new. */
function setFields(keyspace: Keyspace, command: string, [key, ...pairs]: readonly string[]): Reply {
  if (pairs.length % 2 !== 0) throw wrongArity(command);
  let created = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    if (keyspace.setField(key as string, pairs[i] as string, pairs[i + 1] as string)) created += 1;
  }
  return created;
}
