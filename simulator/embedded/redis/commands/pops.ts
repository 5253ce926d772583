/**
 * Taking values off the ends of lists and of sorted sets: from the first of several keys that has one, now, or when one
 * comes. What the two kinds differ in is passed in.
 */
import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { readDouble } from "../numbers/double.ts";
import { NULL_ARRAY, type Reply, type Wait } from "../reply.ts";
import { type Command, parsePositive, splitKeys } from "./command.ts";

export interface PopKind<End> {
  readonly kind: Wait["wait"]["kind"];
  /** Throws a syntax error for a word that names no end. */
  readonly parseEnd: (text: string) => End;
  /** What a blocking pop of one replies behind the key. */
  readonly takeOne: (keyspace: Keyspace, key: string, end: End) => readonly Reply[];
  readonly takeUpTo: (keyspace: Keyspace, key: string, end: End, count: number) => Reply;
}

/** A reply now, or else the wait for it. */
export function replyOrWait(wait: Wait["wait"]): Reply | Wait {
  return wait.retry(wait.keys) ?? { wait };
}

/** The timeout of a blocking command, in seconds; 0 waits for ever. */
export function parseTimeout(text: string | undefined): number {
  const seconds = readDouble(text);
  if (seconds === undefined) throw new CommandError("ERR timeout is not a float or out of range");
  if (seconds < 0) throw new CommandError("ERR timeout is negative");
  if (seconds * 1_000 > Number.MAX_SAFE_INTEGER) throw new CommandError("ERR timeout is out of range");
  return Math.ceil(seconds * 1_000);
}

const findFilled = (keyspace: Keyspace, keys: readonly string[], kind: PopKind<unknown>["kind"]): string | undefined =>
  keys.find((key) => keyspace.read(key, kind) !== undefined);

/** `BLPOP key [key …] timeout` and its kin. */
export function blockingPop<End>({ kind, takeOne }: PopKind<End>, end: End): Command {
  return {
    arity: -3,
    run({ keyspace }, args) {
      const timeoutMs = parseTimeout(args.at(-1));
      const retry = (keys: readonly string[]): Reply | undefined => {
        const key = findFilled(keyspace, keys, kind);
        return key === undefined ? undefined : [key, ...takeOne(keyspace, key, end)];
      };
      return replyOrWait({ keys: args.slice(0, -1), kind, timeoutMs, timedOut: NULL_ARRAY, retry });
    },
  };
}

/** `LMPOP` and `ZMPOP`. */
export const popMany = <End>(pops: PopKind<End>): Command => ({
  arity: -4,
  run: ({ keyspace }, args) => takeMany(keyspace, pops, parsePopMany(args, pops)) ?? NULL_ARRAY,
});

/** `BLMPOP` and `BZMPOP`. */
export const blockingPopMany = <End>(pops: PopKind<End>): Command => ({
  arity: -5,
  run({ keyspace }, [timeout, ...args]: readonly [string, ...string[]]) {
    const timeoutMs = parseTimeout(timeout);
    const what = parsePopMany(args, pops);
    const retry = (keys: readonly string[]) => takeMany(keyspace, pops, { ...what, keys });
    return replyOrWait({ keys: what.keys, kind: pops.kind, timeoutMs, timedOut: NULL_ARRAY, retry });
  },
});

interface PopMany<End> {
  readonly keys: readonly string[];
  readonly end: End;
  readonly count: number;
}

/** numkeys key [key …] <an end> [COUNT count] */
function parsePopMany<End>([countText, ...args]: readonly string[], { parseEnd }: PopKind<End>): PopMany<End> {
  const { keys, rest } = splitKeys(countText, args);
  const [where, word, count, ...further] = rest;
  if (where === undefined || further.length > 0) throw syntaxError();
  const end = parseEnd(where);
  if (word === undefined) return { keys, end, count: 1 };
  if (word.toUpperCase() !== "COUNT" || count === undefined) throw syntaxError();
  return { keys, end, count: parsePositive(count, "count") };
}

function takeMany<End>(
  keyspace: Keyspace,
  { kind, takeUpTo }: PopKind<End>,
  { keys, end, count }: PopMany<End>,
): Reply | undefined {
  const key = findFilled(keyspace, keys, kind);
  return key === undefined ? undefined : [key, takeUpTo(keyspace, key, end, count)];
}
