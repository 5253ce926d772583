/** Commands on sets. */

import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { parseCount, parseIndex } from "../numbers/integer.ts";
import type { Reply } from "../reply.ts";
import type { SetValue } from "../values/set.ts";
import {
  type Command,
  type CommandContext,
  type CommandTable,
  parseNotNegative,
  parsePositive,
  RANDOM_COUNT_MAX,
  scanning,
  splitKeys,
} from "./command.ts";

type Combination = "union" | "intersection" | "difference";

export const setCommands: CommandTable = {
  SADD: {
    arity: -3,
    grows: true,
    run: ({ keyspace }, [key, ...members]: readonly [string, ...string[]]) =>
      keyspace.change(key, "set", (set) => members.filter((member) => set.add(member)).length),
  },
  SREM: {
    arity: -3,
    run({ keyspace }, [key, ...members]: readonly [string, ...string[]]) {
      if (keyspace.read(key, "set") === undefined) return 0;
      return keyspace.change(key, "set", (set) => members.filter((member) => set.delete(member)).length);
    },
  },
  SCARD: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => keyspace.read(key, "set")?.size ?? 0 },
  SISMEMBER: {
    arity: 3,
    run: ({ keyspace }, [key, member]: readonly [string, string]) => (keyspace.read(key, "set")?.has(member) ? 1 : 0),
  },
  SMISMEMBER: {
    arity: -3,
    run({ keyspace }, [key, ...members]: readonly [string, ...string[]]) {
      const set = keyspace.read(key, "set");
      return members.map((member) => (set?.has(member) ? 1 : 0));
    },
  },
  SMEMBERS: {
    arity: 2,
    run: ({ keyspace }, [key]: readonly [string]) => ({ set: [...(keyspace.read(key, "set")?.members ?? [])] }),
  },
  SPOP: { arity: -2, run: pop },
  SRANDMEMBER: { arity: -2, run: pickRandom },
  SMOVE: { arity: 4, grows: true, run: move },
  SUNION: combining("union"),
  SINTER: combining("intersection"),
  SDIFF: combining("difference"),
  SUNIONSTORE: storing("union"),
  SINTERSTORE: storing("intersection"),
  SDIFFSTORE: storing("difference"),
  SINTERCARD: { arity: -3, run: countIntersection },
  SSCAN: scanning((keyspace, key) => keyspace.read(key, "set")?.members.map((member) => [member])),
};

function pop({ keyspace }: CommandContext, args: readonly string[]): Reply {
  const [key, countText, ...rest] = args as [string, ...string[]];
  if (rest.length > 0) throw syntaxError();
  const count = countText === undefined ? undefined : parseCount(countText);
  if (keyspace.read(key, "set") === undefined) return count === undefined ? null : { set: [] };
  const taken = keyspace.change(key, "set", (set) => {
    const members: string[] = [];
    while (members.length < (count ?? 1) && set.size > 0) {
      const member = randomMember(set);
      set.delete(member);
      members.push(member);
    }
    return members;
  });
  return count === undefined ? (taken[0] ?? null) : { set: taken };
}

/** A negative count may give a member several times. */
function pickRandom({ keyspace }: CommandContext, args: readonly string[]): Reply {
  const [key, countText, ...rest] = args as [string, ...string[]];
  if (rest.length > 0) throw syntaxError();
  const count = countText === undefined ? undefined : parseIndex(countText);
  const set = keyspace.read(key, "set");
  if (count === undefined) return set === undefined ? null : randomMember(set);
  return pickMembers(set?.members ?? [], count);
}

/** `count` of the elements by chance, each at most once; of a negative count so many, with repetitions. */
export function pickMembers<T>(elements: readonly T[], count: number): T[] {
  if (elements.length === 0 || count === 0) return [];
  if (count > 0) {
    if (count >= elements.length) return [...elements];
    const left = [...elements];
    for (let i = 0; i < count; i += 1) {
      const other = i + Math.floor(Math.random() * (left.length - i));
      const chosen = left[other] as T;
      left[other] = left[i] as T;
      left[i] = chosen;
    }
    return left.slice(0, count);
  }
  if (-count > RANDOM_COUNT_MAX) throw new CommandError("ERR value is out of range");
  return Array.from({ length: -count }, () => elements[Math.floor(Math.random() * elements.length)] as T);
}

function randomMember(set: SetValue): string {
  return set.members[Math.floor(Math.random() * set.size)] as string;
}

function move({ keyspace }: CommandContext, [from, to, member]: readonly [string, string, string]): Reply {
  const source = keyspace.read(from, "set");
  if (source === undefined) return 0;
  keyspace.read(to, "set");
  if (!source.has(member)) return 0;
  if (from === to) return 1;
  keyspace.change(from, "set", (set) => set.delete(member));
  keyspace.change(to, "set", (set) => set.add(member));
  return 1;
}

function combine(keyspace: Keyspace, keys: readonly string[], how: Combination): string[] {
  // Every key is looked at, so that a wrong type is an error wherever it stands.
  const [first, ...others] = keys.map((key) => keyspace.read(key, "set"));
  if (how === "union") return [...new Set([first, ...others].flatMap((set) => set?.members ?? []))];
  const members = first?.members ?? [];
  if (how === "difference") return members.filter((member) => !others.some((set) => set?.has(member)));
  return members.filter((member) => others.every((set) => set?.has(member)));
}

function combining(how: Combination): Command {
  return { arity: -2, run: ({ keyspace }, keys) => ({ set: combine(keyspace, keys, how) }) };
}

function storing(how: Combination): Command {
  return {
    arity: -3,
    grows: true,
    run({ keyspace }, [to, ...keys]: readonly [string, ...string[]]) {
      const members = combine(keyspace, keys, how);
      keyspace.remove(to);
      keyspace.change(to, "set", (set) => {
        for (const member of members) set.add(member);
      });
      return members.length;
    },
  };
}

/** SINTERCARD numkeys key [key …] [LIMIT limit] */
function countIntersection({ keyspace }: CommandContext, [countText, ...args]: readonly string[]): Reply {
  if (parsePositive(countText, "numkeys") > args.length) {
    throw new CommandError("ERR Number of keys can't be greater than number of args");
  }
  const { keys, rest } = splitKeys(countText, args);
  let limit = 0;
  if (rest.length > 0) {
    if (rest.length !== 2 || rest[0]?.toUpperCase() !== "LIMIT") throw syntaxError();
    limit = parseNotNegative(rest[1], "LIMIT");
  }
  const size = combine(keyspace, keys, "intersection").length;
  return limit === 0 ? size : Math.min(limit, size);
}
