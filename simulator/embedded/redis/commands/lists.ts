/** Commands on lists. */

import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { parseCount, parseIndex, resolveRange } from "../numbers/integer.ts";
import { NULL_ARRAY, OK, type Reply, type Wait } from "../reply.ts";
import { type Command, type CommandContext, type CommandTable, parseNotNegative } from "./command.ts";
import { blockingPop, blockingPopMany, type PopKind, parseTimeout, popMany, replyOrWait } from "./pops.ts";

type End = "left" | "right";

const POPS: PopKind<End> = {
  kind: "list",
  parseEnd,
  takeOne: (keyspace, key, end) => [keyspace.change(key, "list", (list) => list.pop(end) ?? null)],
  takeUpTo: popUpTo,
};

export const listCommands: CommandTable = {
  LPUSH: pushing("left"),
  RPUSH: pushing("right"),
  LPUSHX: pushing("left", "only when there"),
  RPUSHX: pushing("right", "only when there"),
  LPOP: popping("left"),
  RPOP: popping("right"),
  LLEN: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => keyspace.read(key, "list")?.size ?? 0 },
  LINDEX: {
    arity: 3,
    run: ({ keyspace }, [key, index]: readonly [string, string]) => {
      const list = keyspace.read(key, "list");
      return list === undefined ? null : (list.at(parseIndex(index)) ?? null);
    },
  },
  LRANGE: {
    arity: 4,
    run({ keyspace }, [key, start, stop]: readonly [string, string, string]) {
      const [first, last] = [parseIndex(start), parseIndex(stop)];
      const list = keyspace.read(key, "list");
      if (list === undefined) return [];
      const { from, to } = resolveRange(first, last, list.size);
      return list.slice(from, to);
    },
  },
  LSET: {
    arity: 4,
    grows: true,
    run({ keyspace }, [key, index, text]: readonly [string, string, string]) {
      if (keyspace.read(key, "list") === undefined) throw new CommandError("ERR no such key");
      const position = parseIndex(index);
      const done = keyspace.change(key, "list", (list) => list.set(position, text));
      if (!done) throw new CommandError("ERR index out of range");
      return OK;
    },
  },
  LTRIM: {
    arity: 4,
    run({ keyspace }, [key, start, stop]: readonly [string, string, string]) {
      const [first, last] = [parseIndex(start), parseIndex(stop)];
      if (keyspace.read(key, "list") === undefined) return OK;
      keyspace.change(key, "list", (list) => {
        const { from, to } = resolveRange(first, last, list.size);
        if (from > 0 || to < list.size) list.replaceAll(list.slice(from, to));
      });
      return OK;
    },
  },
  LINSERT: { arity: 5, grows: true, run: insert },
  LREM: { arity: 4, run: removeEqual },
  LPOS: { arity: -3, run: findPositions },
  RPOPLPUSH: {
    arity: 3,
    grows: true,
    run: ({ keyspace }, [from, to]: readonly [string, string]) =>
      move(keyspace, { from, to, take: "right", put: "left" }),
  },
  LMOVE: {
    arity: 5,
    grows: true,
    run: ({ keyspace }, [from, to, take, put]: readonly [string, string, string, string]) =>
      move(keyspace, { from, to, take: parseEnd(take), put: parseEnd(put) }),
  },
  LMPOP: popMany(POPS),
  BLPOP: blockingPop(POPS, "left"),
  BRPOP: blockingPop(POPS, "right"),
  BLMOVE: {
    arity: 6,
    grows: true,
    run: (context, [from, to, take, put, timeout]: readonly [string, string, string, string, string]) =>
      waitToMove(context, { from, to, take: parseEnd(take), put: parseEnd(put) }, timeout),
  },
  BRPOPLPUSH: {
    arity: 4,
    grows: true,
    run: (context, [from, to, timeout]: readonly [string, string, string]) =>
      waitToMove(context, { from, to, take: "right", put: "left" }, timeout),
  },
  BLMPOP: blockingPopMany(POPS),
};

function pushing(end: End, condition?: "only when there"): Command {
  return {
    arity: -3,
    grows: true,
    run({ keyspace }, [key, ...texts]: readonly [string, ...string[]]) {
      if (condition !== undefined && keyspace.read(key, "list") === undefined) return 0;
      return keyspace.change(key, "list", (list) => {
        for (const text of texts) list.push(end, text);
        return list.size;
      });
    },
  };
}

function popping(end: End): Command {
  return {
    arity: -2,
    run({ keyspace }, [key, countText, ...rest]: readonly [string, ...string[]]) {
      if (rest.length > 0)
        throw new CommandError(`ERR wrong number of arguments for '${end === "left" ? "lpop" : "rpop"}' command`);
      const count = countText === undefined ? undefined : parseCount(countText);
      if (keyspace.read(key, "list") === undefined) return count === undefined ? null : NULL_ARRAY;
      if (count === undefined) return keyspace.change(key, "list", (list) => list.pop(end) ?? null);
      return popUpTo(keyspace, key, end, count);
    },
  };
}

function popUpTo(keyspace: Keyspace, key: string, end: End, count: number): string[] {
  return keyspace.change(key, "list", (list) => {
    const texts: string[] = [];
    while (texts.length < count && list.size > 0) texts.push(list.pop(end) as string);
    return texts;
  });
}

function insert(
  { keyspace }: CommandContext,
  [key, where, pivot, text]: readonly [string, string, string, string],
): Reply {
  if (!/^(before|after)$/i.test(where)) throw syntaxError();
  const texts = keyspace.read(key, "list")?.slice(0, Number.POSITIVE_INFINITY);
  if (texts === undefined) return 0;
  const at = texts.indexOf(pivot);
  if (at === -1) return -1;
  texts.splice(where.toUpperCase() === "AFTER" ? at + 1 : at, 0, text);
  keyspace.change(key, "list", (list) => list.replaceAll(texts));
  return texts.length;
}

/** A negative count removes from the end on; 0 removes all. */
function removeEqual({ keyspace }: CommandContext, [key, countText, text]: readonly [string, string, string]): Reply {
  const count = parseIndex(countText);
  const texts = keyspace.read(key, "list")?.slice(0, Number.POSITIVE_INFINITY) ?? [];
  let left = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
  const keep = (candidate: string): boolean => {
    if (left === 0 || candidate !== text) return true;
    left -= 1;
    return false;
  };
  const kept = count < 0 ? texts.toReversed().filter(keep).toReversed() : texts.filter(keep);
  if (kept.length < texts.length) keyspace.change(key, "list", (list) => list.replaceAll(kept));
  return texts.length - kept.length;
}

/** LPOS key element [RANK rank] [COUNT matches] [MAXLEN length] */
function findPositions({ keyspace }: CommandContext, args: readonly string[]): Reply {
  const [key, text, ...options] = args as [string, string, ...string[]];
  let rank = 1;
  let count: number | undefined;
  let lengthMax = 0;
  for (let i = 0; i < options.length; i += 2) {
    const option = (options[i] as string).toUpperCase();
    const value = options[i + 1];
    if (!["RANK", "COUNT", "MAXLEN"].includes(option) || value === undefined) throw syntaxError();
    if (option === "RANK") rank = parseIndex(value);
    else if (option === "COUNT") count = parseNotNegative(value, option);
    else lengthMax = parseNotNegative(value, option);
    if (rank === 0) {
      throw new CommandError(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
      );
    }
  }
  const texts = keyspace.read(key, "list")?.slice(0, Number.POSITIVE_INFINITY) ?? [];
  const wanted = count === undefined ? 1 : count === 0 ? Number.POSITIVE_INFINITY : count;
  const looked = lengthMax === 0 ? texts.length : Math.min(lengthMax, texts.length);
  const found: number[] = [];
  let skip = Math.abs(rank) - 1;
  for (let i = 0; i < looked && found.length < wanted; i += 1) {
    const at = rank > 0 ? i : texts.length - 1 - i;
    if (texts[at] !== text) continue;
    if (skip > 0) skip -= 1;
    else found.push(at);
  }
  return count === undefined ? (found[0] ?? null) : found;
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly take: End;
  readonly put: End;
}

function parseEnd(text: string): End {
  if (/^left$/i.test(text)) return "left";
  if (/^right$/i.test(text)) return "right";
  throw syntaxError();
}

function move(keyspace: Keyspace, { from, to, take, put }: Move): Reply {
  if (keyspace.read(from, "list") === undefined) return null;
  keyspace.read(to, "list");
  const text = keyspace.change(from, "list", (list) => list.pop(take)) as string;
  keyspace.change(to, "list", (list) => list.push(put, text));
  return text;
}

function waitToMove({ keyspace }: CommandContext, what: Move, timeout: string): Reply | Wait {
  const timeoutMs = parseTimeout(timeout);
  const retry = () => move(keyspace, what) ?? undefined;
  return replyOrWait({ keys: [what.from], kind: "list", timeoutMs, timedOut: null, retry });
}
