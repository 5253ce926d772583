/** Ranges of sorted sets, by rank, by score and by member: ZRANGE and all its older forms. */

import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { readDouble } from "../numbers/double.ts";
import { parseIndex, resolveRange } from "../numbers/integer.ts";
import type { Protocol, Reply } from "../reply.ts";
import type { Scored, SortedSetValue } from "../values/sorted-set.ts";
import type { Command, CommandTable } from "./command.ts";

type By = "rank" | "score" | "member";

interface Form {
  readonly by: By;
  readonly reversed: boolean;
}

interface RangeRequest extends Form {
  readonly bounds: Bounds;
  readonly offset: number;
  /** Negative: all of them. */
  readonly limit: number;
}

/** How many entries stand before the range and before its end, in ascending order. */
type Bounds = (zset: SortedSetValue) => { from: number; to: number };

export const rangeCommands: CommandTable = {
  ZRANGE: {
    arity: -4,
    run: ({ keyspace, client }, args) => range(keyspace, client.protocol, args, undefined),
  },
  ZREVRANGE: olderRange({ by: "rank", reversed: true }),
  ZRANGEBYSCORE: olderRange({ by: "score", reversed: false }),
  ZREVRANGEBYSCORE: olderRange({ by: "score", reversed: true }),
  ZRANGEBYLEX: olderRange({ by: "member", reversed: false }),
  ZREVRANGEBYLEX: olderRange({ by: "member", reversed: true }),
  ZRANGESTORE: {
    arity: -5,
    grows: true,
    run({ keyspace }, [to, from, ...args]: readonly [string, string, ...string[]]) {
      const { request, withScores } = parseRange(args, undefined);
      if (withScores) throw syntaxError();
      const entries = select(keyspace, from, request);
      storeEntries(keyspace, to, entries);
      return entries.length;
    },
  },
  ZCOUNT: counting("score"),
  ZLEXCOUNT: counting("member"),
  ZREMRANGEBYRANK: removing("rank"),
  ZREMRANGEBYSCORE: removing("score"),
  ZREMRANGEBYLEX: removing("member"),
};

/** Members with scores: in pairs for RESP3, in one flat list for RESP2. */
export function scoredReply(entries: readonly Scored[], protocol: Protocol): Reply {
  const pairs = entries.map(({ member, score }): Reply[] => [member, { double: score }]);
  return protocol === 3 ? pairs : pairs.flat();
}

/** Replaces what is under the key by the entries; none of them leaves no key. */
export function storeEntries(keyspace: Keyspace, key: string, entries: readonly Scored[]): void {
  keyspace.remove(key);
  keyspace.change(key, "zset", (zset) => {
    for (const { member, score } of entries) zset.set(member, score);
  });
}

function olderRange(form: Form): Command {
  return { arity: -4, run: ({ keyspace, client }, args) => range(keyspace, client.protocol, args, form) };
}

function range(keyspace: Keyspace, protocol: Protocol, args: readonly string[], form: Form | undefined): Reply {
  const [key, ...rest] = args as [string, ...string[]];
  const { request, withScores } = parseRange(rest, form);
  const entries = select(keyspace, key, request);
  return withScores ? scoredReply(entries, protocol) : entries.map(({ member }) => member);
}

/** start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]; the older forms have what is in their name. */
function parseRange(args: readonly string[], form: Form | undefined): { request: RangeRequest; withScores: boolean } {
  const [start, stop, ...options] = args as [string, string, ...string[]];
  let by = form?.by ?? "rank";
  let reversed = form?.reversed ?? false;
  let withScores = false;
  let [offset, limit] = [0, -1];
  for (let i = 0; i < options.length; i += 1) {
    const option = (options[i] as string).toUpperCase();
    if (option === "WITHSCORES") withScores = true;
    else if (option === "LIMIT" && i + 2 < options.length) {
      offset = parseIndex(options[i + 1]);
      limit = parseIndex(options[i + 2]);
      i += 2;
    } else if (form === undefined && option === "REV") reversed = true;
    else if (form === undefined && option === "BYSCORE") by = "score";
    else if (form === undefined && option === "BYLEX") by = "member";
    else throw syntaxError();
  }
  if (limit !== -1 && by === "rank") {
    throw new CommandError("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  }
  if (withScores && by === "member") {
    throw new CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  }
  // Reversed ranges of scores and members name their upper bound first.
  const [low, high] = reversed && by !== "rank" ? [stop, start] : [start, stop];
  return { request: { by, reversed, bounds: parseBounds(by, low, high, reversed), offset, limit }, withScores };
}

function parseBounds(by: By, low: string, high: string, reversed = false): Bounds {
  switch (by) {
    case "rank": {
      const [start, stop] = [parseIndex(low), parseIndex(high)];
      return ({ size }) => {
        const { from, to } = resolveRange(start, stop, size);
        return reversed ? { from: size - to, to: Math.max(0, size - from) } : { from, to };
      };
    }
    case "score": {
      const [from, to] = [parseScoreBound(low), parseScoreBound(high)];
      return (zset) => ({
        from: zset.findRank(({ score }) => (from.exclusive ? score <= from.score : score < from.score)),
        to: zset.findRank(({ score }) => (to.exclusive ? score < to.score : score <= to.score)),
      });
    }
    case "member": {
      const [from, to] = [parseMemberBound(low), parseMemberBound(high)];
      return (zset) => ({
        from: zset.findRank(({ member }) => isBefore(member, from, from.exclusive)),
        to: zset.findRank(({ member }) => isBefore(member, to, !to.exclusive)),
      });
    }
  }
}

function parseScoreBound(text: string): { score: number; exclusive: boolean } {
  const exclusive = text.startsWith("(");
  const score = readDouble(exclusive ? text.slice(1) : text);
  if (score === undefined) throw new CommandError("ERR min or max is not a float");
  return { score, exclusive };
}

interface MemberBound {
  readonly at: "start" | "end" | "member";
  readonly member: string;
  readonly exclusive: boolean;
}

function parseMemberBound(text: string): MemberBound {
  if (text === "-") return { at: "start", member: "", exclusive: false };
  if (text === "+") return { at: "end", member: "", exclusive: false };
  if (!/^[[(]/.test(text)) throw new CommandError("ERR min or max not valid string range item");
  return { at: "member", member: text.slice(1), exclusive: text.startsWith("(") };
}

function isBefore(member: string, bound: MemberBound, orEqual: boolean): boolean {
  if (bound.at !== "member") return bound.at === "end";
  return member < bound.member || (orEqual && member === bound.member);
}

function select(keyspace: Keyspace, key: string, { bounds, reversed, offset, limit }: RangeRequest): Scored[] {
  const zset = keyspace.read(key, "zset");
  if (zset === undefined || offset < 0) return [];
  const { from, to } = bounds(zset);
  const entries = zset.ordered.slice(from, Math.max(from, to));
  if (reversed) entries.reverse();
  return entries.slice(offset, limit < 0 ? undefined : offset + limit);
}

function counting(by: By): Command {
  return {
    arity: 4,
    run({ keyspace }, [key, low, high]: readonly [string, string, string]) {
      const bounds = parseBounds(by, low, high);
      const zset = keyspace.read(key, "zset");
      if (zset === undefined) return 0;
      const { from, to } = bounds(zset);
      return Math.max(0, to - from);
    },
  };
}

function removing(by: By): Command {
  return {
    arity: 4,
    run({ keyspace }, [key, low, high]: readonly [string, string, string]) {
      const bounds = parseBounds(by, low, high);
      if (keyspace.read(key, "zset") === undefined) return 0;
      return keyspace.change(key, "zset", (zset) => {
        const { from, to } = bounds(zset);
        return zset.removeRange(from, to).length;
      });
    },
  };
}
