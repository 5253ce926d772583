/** Commands on sorted sets: members and scores. Ranges are in `sorted-set-ranges.ts`, unions in `sorted-set-unions.ts`. */

import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { formatDouble, parseDouble } from "../numbers/double.ts";
import { parseCount, parseIndex } from "../numbers/integer.ts";
import type { Reply } from "../reply.ts";
import type { Scored } from "../values/sorted-set.ts";
import { type Command, type CommandContext, type CommandTable, RANDOM_COUNT_MAX, scanning } from "./command.ts";
import { blockingPop, blockingPopMany, type PopKind, popMany } from "./pops.ts";
import { pickMembers } from "./sets.ts";
import { rangeCommands, scoredReply } from "./sorted-set-ranges.ts";
import { unionCommands } from "./sorted-set-unions.ts";

type End = "lowest" | "highest";

const POPS: PopKind<End> = {
  kind: "zset",
  parseEnd,
  takeOne(keyspace, key, end) {
    const [taken] = pop(keyspace, key, end, 1) as [Scored];
    return [taken.member, { double: taken.score }];
  },
  takeUpTo: (keyspace, key, end, count) =>
    pop(keyspace, key, end, count).map(({ member, score }) => [member, { double: score }]),
};

export const sortedSetCommands: CommandTable = {
  ZADD: { arity: -4, grows: true, run: add },
  ZINCRBY: {
    arity: 4,
    grows: true,
    run({ keyspace }, [key, by, member]: readonly [string, string, string]) {
      const increment = parseDouble(by);
      return { double: change(keyspace, key, NO_FLAGS, [[increment, member]], "increment").score ?? 0 };
    },
  },
  ZREM: {
    arity: -3,
    run({ keyspace }, [key, ...members]: readonly [string, ...string[]]) {
      if (keyspace.read(key, "zset") === undefined) return 0;
      return keyspace.change(key, "zset", (zset) => members.filter((member) => zset.delete(member)).length);
    },
  },
  ZCARD: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => keyspace.read(key, "zset")?.size ?? 0 },
  ZSCORE: {
    arity: 3,
    run: ({ keyspace }, [key, member]: readonly [string, string]) =>
      scoreReply(keyspace.read(key, "zset")?.scoreOf(member)),
  },
  ZMSCORE: {
    arity: -3,
    run({ keyspace }, [key, ...members]: readonly [string, ...string[]]) {
      const zset = keyspace.read(key, "zset");
      return members.map((member) => scoreReply(zset?.scoreOf(member)));
    },
  },
  ZRANK: {
    arity: 3,
    run: ({ keyspace }, [key, member]: readonly [string, string]) => keyspace.read(key, "zset")?.rankOf(member) ?? null,
  },
  ZREVRANK: {
    arity: 3,
    run({ keyspace }, [key, member]: readonly [string, string]) {
      const zset = keyspace.read(key, "zset");
      const rank = zset?.rankOf(member);
      return zset === undefined || rank === undefined ? null : zset.size - 1 - rank;
    },
  },
  ZPOPMIN: popping("lowest"),
  ZPOPMAX: popping("highest"),
  BZPOPMIN: blockingPop(POPS, "lowest"),
  BZPOPMAX: blockingPop(POPS, "highest"),
  ZMPOP: popMany(POPS),
  BZMPOP: blockingPopMany(POPS),
  ZRANDMEMBER: { arity: -2, run: pickRandom },
  ZSCAN: scanning((keyspace, key) =>
    keyspace.read(key, "zset")?.ordered.map(({ member, score }) => [member, shownScore(score)]),
  ),
  ...rangeCommands,
  ...unionCommands,
};

function scoreReply(score: number | undefined): Reply {
  return score === undefined ? null : { double: score };
}

/** ZSCAN gives its scores as texts in both protocols. */
function shownScore(score: number): string {
  return Number.isInteger(score) && Math.abs(score) < 2 ** 62 ? String(BigInt(score)) : formatDouble(score);
}

interface AddFlags {
  readonly nx: boolean;
  readonly xx: boolean;
  readonly gt: boolean;
  readonly lt: boolean;
}
const NO_FLAGS: AddFlags = { nx: false, xx: false, gt: false, lt: false };

/** ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member …] */
function add({ keyspace }: CommandContext, [key, ...args]: readonly [string, ...string[]]): Reply {
  const given = new Set<string>();
  let at = 0;
  for (; at < args.length; at += 1) {
    const option = (args[at] as string).toUpperCase();
    if (!["NX", "XX", "GT", "LT", "CH", "INCR"].includes(option)) break;
    given.add(option);
  }
  const pairs = args.slice(at);
  if (pairs.length === 0 || pairs.length % 2 !== 0) throw syntaxError();
  const flags = { nx: given.has("NX"), xx: given.has("XX"), gt: given.has("GT"), lt: given.has("LT") };
  if (flags.nx && flags.xx) throw new CommandError("ERR XX and NX options at the same time are not compatible");
  if ([flags.gt, flags.nx, flags.lt].filter(Boolean).length > 1) {
    throw new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (given.has("INCR") && pairs.length > 2) {
    throw new CommandError("ERR INCR option supports a single increment-element pair");
  }
  const entries: [number, string][] = [];
  for (let i = 0; i < pairs.length; i += 2) entries.push([parseDouble(pairs[i]), pairs[i + 1] as string]);
  const result = change(keyspace, key, flags, entries, given.has("INCR") ? "increment" : "set");
  if (given.has("INCR")) return scoreReply(result.score);
  return given.has("CH") ? result.added + result.moved : result.added;
}

interface AddResult {
  readonly added: number;
  readonly moved: number;
  /** Of the last entry; undefined when a flag forbade it. */
  readonly score: number | undefined;
}

function change(
  keyspace: Keyspace,
  key: string,
  flags: AddFlags,
  entries: readonly (readonly [number, string])[],
  how: "set" | "increment",
): AddResult {
  keyspace.read(key, "zset");
  return keyspace.change(key, "zset", (zset) => {
    let added = 0;
    let moved = 0;
    let last: number | undefined;
    for (const [given, member] of entries) {
      const before = zset.scoreOf(member);
      last = undefined;
      if (before === undefined ? flags.xx : flags.nx) continue;
      const score = how === "increment" ? (before ?? 0) + given : given;
      if (Number.isNaN(score)) throw new CommandError("ERR resulting score is not a number (NaN)");
      if (before !== undefined && ((flags.gt && score <= before) || (flags.lt && score >= before))) continue;
      last = score;
      if (before === undefined) added += 1;
      else if (before !== score) moved += 1;
      zset.set(member, score);
    }
    return { added, moved, score: last };
  });
}

function pop(keyspace: Keyspace, key: string, end: End, count: number): Scored[] {
  return keyspace.change(key, "zset", (zset) =>
    end === "lowest"
      ? zset.removeRange(0, count)
      : zset.removeRange(Math.max(0, zset.size - count), zset.size).toReversed(),
  );
}

function popping(end: End): Command {
  return {
    arity: -2,
    run({ keyspace, client }, [key, countText, ...rest]: readonly [string, ...string[]]) {
      if (rest.length > 0) throw syntaxError();
      const count = countText === undefined ? undefined : parseCount(countText);
      const taken = keyspace.read(key, "zset") === undefined ? [] : pop(keyspace, key, end, count ?? 1);
      if (count !== undefined) return scoredReply(taken, client.protocol);
      return taken.flatMap(({ member, score }): Reply[] => [member, { double: score }]);
    },
  };
}

function parseEnd(text: string): End {
  if (/^min$/i.test(text)) return "lowest";
  if (/^max$/i.test(text)) return "highest";
  throw syntaxError();
}

function pickRandom({ keyspace, client }: CommandContext, args: readonly string[]): Reply {
  const [key, countText, word, ...rest] = args as [string, ...string[]];
  if (rest.length > 0 || (word !== undefined && word.toUpperCase() !== "WITHSCORES")) throw syntaxError();
  const count = countText === undefined ? undefined : parseIndex(countText);
  if (count !== undefined && -count > RANDOM_COUNT_MAX) throw new CommandError("ERR value is out of range");
  const ordered = keyspace.read(key, "zset")?.ordered ?? [];
  const chosen = pickMembers(ordered, count ?? 1);
  if (count === undefined) return chosen[0]?.member ?? null;
  return word === undefined ? chosen.map(({ member }) => member) : scoredReply(chosen, client.protocol);
}
