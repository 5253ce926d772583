/** Commands on hashes. */

import { CommandError, syntaxError, wrongArity } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { addIntegers, parseIndex, parseInteger, readInteger } from "../numbers/integer.ts";
import { addLongDoubles } from "../numbers/long-double.ts";
import { OK, type Reply } from "../reply.ts";
import { type CommandContext, type CommandTable, scanning } from "./command.ts";
import { pickMembers } from "./sets.ts";

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
    run({ keyspace }, [key, field, text]: readonly [string, string, string]) {
      if (keyspace.readHash(key)?.has(field)) return 0;
      keyspace.setField(key, field, text);
      return 1;
    },
  },
  HGET: { arity: 3, run: ({ keyspace }, [key, field]: readonly [string, string]) => readField(keyspace, key, field) },
  HMGET: {
    arity: -3,
    run({ keyspace }, [key, ...fields]: readonly [string, ...string[]]) {
      const hash = keyspace.readHash(key);
      return fields.map((field) => hash?.get(field) ?? null);
    },
  },
  HGETALL: {
    arity: 2,
    run: ({ keyspace }, [key]: readonly [string]) => ({ pairs: [...(keyspace.readHash(key) ?? [])].flat() }),
  },
  HDEL: {
    arity: -3,
    run: ({ keyspace }, [key, ...fields]: readonly [string, ...string[]]) =>
      fields.filter((field) => keyspace.removeField(key, field)).length,
  },
  HEXISTS: {
    arity: 3,
    run: ({ keyspace }, [key, field]: readonly [string, string]) => (keyspace.readHash(key)?.has(field) ? 1 : 0),
  },
  HLEN: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => keyspace.readHash(key)?.size ?? 0 },
  HSTRLEN: {
    arity: 3,
    run: ({ keyspace }, [key, field]: readonly [string, string]) => readField(keyspace, key, field)?.length ?? 0,
  },
  HKEYS: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => [...(keyspace.readHash(key)?.keys() ?? [])] },
  HVALS: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => [...(keyspace.readHash(key)?.values() ?? [])] },
  HINCRBY: {
    arity: 4,
    grows: true,
    run({ keyspace }, [key, field, by]: readonly [string, string, string]) {
      // Redis reads the increment before it looks at the key, and which error comes first follows from that.
      const increment = parseInteger(by);
      const before = readField(keyspace, key, field) ?? "0";
      const number = readInteger(before);
      if (number === undefined) throw new CommandError("ERR hash value is not an integer");
      const sum = addIntegers(number, increment);
      keyspace.setField(key, field, String(sum));
      return sum;
    },
  },
  HINCRBYFLOAT: {
    arity: 4,
    grows: true,
    run({ keyspace }, [key, field, by]: readonly [string, string, string]) {
      addLongDoubles("0", by, "value is not a valid float");
      const before = readField(keyspace, key, field) ?? "0";
      const sum = addLongDoubles(before, by, "hash value is not a float");
      keyspace.setField(key, field, sum);
      return sum;
    },
  },
  HRANDFIELD: { arity: -2, run: pickRandom },
  HSCAN: scanning((keyspace, key) => {
    const hash = keyspace.readHash(key);
    return hash === undefined ? undefined : [...hash];
  }),
};

function readField(keyspace: Keyspace, key: string, field: string): string | null {
  return keyspace.readHash(key)?.get(field) ?? null;
}

/** Returns how many fields are new. */
function setFields(keyspace: Keyspace, command: string, args: readonly string[]): number {
  const [key, ...pairs] = args as [string, ...string[]];
  if (pairs.length % 2 !== 0) throw wrongArity(command);
  let created = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    if (keyspace.setField(key, pairs[i] as string, pairs[i + 1] as string)) created += 1;
  }
  return created;
}

/** HRANDFIELD key [count [WITHVALUES]]: a negative count may give a field several times. */
function pickRandom({ keyspace, client }: CommandContext, args: readonly string[]): Reply {
  const [key, countText, word, ...rest] = args as [string, ...string[]];
  if (rest.length > 0 || (word !== undefined && word.toUpperCase() !== "WITHVALUES")) throw syntaxError();
  const count = countText === undefined ? undefined : parseIndex(countText);
  const chosen = pickMembers([...(keyspace.readHash(key) ?? [])], count ?? 1);
  if (count === undefined) return chosen[0]?.[0] ?? null;
  if (word === undefined) return chosen.map(([field]) => field);
  return client.protocol === 3 ? chosen : chosen.flat();
}
