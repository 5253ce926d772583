/** XREAD and XREADGROUP: what has come since, now or when it comes; and what a consumer has not acknowledged. */
import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { parseInteger, readInteger } from "../numbers/integer.ts";
import { NULL_ARRAY, type Protocol, type Reply, type Wait } from "../reply.ts";
import {
  compareIds,
  formatId,
  ID_MAX,
  nextId,
  type StreamGroup,
  type StreamId,
  type StreamValue,
} from "../values/stream.ts";
import type { Command, CommandContext, CommandTable } from "./command.ts";
import { replyOrWait } from "./pops.ts";
import { findGroup, isBefore, parseId, replyOfEntry } from "./stream-arguments.ts";
import { findOrAddConsumer, pendingOf } from "./stream-groups.ts";

export const streamReadCommands: CommandTable = {
  XREAD: reading("XREAD"),
  XREADGROUP: reading("XREADGROUP"),
};

interface Reading {
  readonly group: { readonly name: string; readonly consumer: string } | undefined;
  readonly noAck: boolean;
  readonly count: number;
  readonly blockMs: number | undefined;
  readonly keys: readonly string[];
  readonly ids: readonly string[];
}

/** After which id to read: "new" is `>`, what no consumer of the group has got. */
type From = StreamId | "new";

function reading(name: "XREAD" | "XREADGROUP"): Command {
  return {
    arity: name === "XREAD" ? -4 : -7,
    run(context, args) {
      const asked = parseReading(name, args);
      const { keyspace, client } = context;
      const froms = new Map(
        asked.keys.map((key, i) => [key, resolveFrom(keyspace, key, asked.ids[i] as string, asked)]),
      );
      const retry = (keys: readonly string[]) => readAll(context, asked, froms, keys, client.protocol);
      const wait: Wait["wait"] = {
        keys: asked.keys,
        kind: "stream",
        timeoutMs: asked.blockMs ?? 0,
        timedOut: NULL_ARRAY,
        retry,
        ...(asked.group === undefined ? {} : { gone: STREAM_GONE }),
      };
      return asked.blockMs === undefined ? (retry(asked.keys) ?? NULL_ARRAY) : replyOrWait(wait);
    },
  };
}

function parseReading(name: "XREAD" | "XREADGROUP", args: readonly string[]): Reading {
  const isGroup = name === "XREADGROUP";
  const forGroups = (option: string): void => {
    if (!isGroup) {
      throw new CommandError(`ERR The ${option} option is only supported by XREADGROUP. You called XREAD instead.`);
    }
  };
  let group: Reading["group"];
  let noAck = false;
  let count = Number.POSITIVE_INFINITY;
  let blockMs: number | undefined;
  for (let i = 0; i < args.length; i += 1) {
    const option = (args[i] as string).toUpperCase();
    const more = args.length - 1 - i;
    if (option === "BLOCK" && more > 0) {
      i += 1;
      blockMs = parseBlock(args[i]);
    } else if (option === "COUNT" && more > 0) {
      i += 1;
      const given = Number(parseInteger(args[i]));
      count = given > 0 ? given : Number.POSITIVE_INFINITY;
    } else if (option === "GROUP" && more > 1) {
      forGroups("GROUP");
      group = { name: args[i + 1] as string, consumer: args[i + 2] as string };
      i += 2;
    } else if (option === "NOACK") {
      forGroups("NOACK");
      noAck = true;
    } else if (option === "STREAMS" && more > 0) {
      const rest = args.slice(i + 1);
      if (rest.length % 2 !== 0) {
        throw new CommandError(
          `ERR Unbalanced ${name} list of streams: for each stream key an ID or '${isGroup ? ">" : "$"}' must be specified.`,
        );
      }
      if (isGroup && group === undefined) throw new CommandError("ERR Missing GROUP option for XREADGROUP");
      const half = rest.length / 2;
      return { group, noAck, count, blockMs, keys: rest.slice(0, half), ids: rest.slice(half) };
    } else throw syntaxError();
  }
  throw syntaxError();
}

function parseBlock(text: string | undefined): number {
  const ms = readInteger(text);
  if (ms === undefined) throw new CommandError("ERR timeout is not an integer or out of range");
  if (ms < 0n) throw new CommandError("ERR timeout is negative");
  return Number(ms);
}

function resolveFrom(keyspace: Keyspace, key: string, text: string, { group }: Reading): From {
  const stream = keyspace.read(key, "stream");
  if (group !== undefined && findGroup(keyspace, key, group.name) === undefined) throw noGroup(key, group.name);
  if (text === "$") {
    if (group !== undefined) {
      throw new CommandError(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
      );
    }
    return stream?.lastId ?? { ms: 0n, seq: 0n };
  }
  if (text !== ">") return parseId(text);
  if (group !== undefined) return "new";
  throw new CommandError(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
  );
}

const STREAM_GONE: Reply = { error: "UNBLOCKED the stream key no longer exists" };
const noGroup = (key: string, group: string): CommandError =>
  new CommandError(`NOGROUP No such key '${key}' or consumer group '${group}' in XREADGROUP with GROUP option`);

/** Undefined when none of the streams has anything. */
function readAll(
  context: CommandContext,
  asked: Reading,
  froms: ReadonlyMap<string, From>,
  keys: readonly string[],
  protocol: Protocol,
): Reply | undefined {
  const found = keys.flatMap((key): (readonly [string, Reply])[] => {
    const entries = readOne(context, asked, key, froms.get(key) as From);
    return entries === undefined ? [] : [[key, entries]];
  });
  if (found.length === 0) return undefined;
  return protocol === 3 ? { pairs: found.flat() } : found;
}

function readOne(context: CommandContext, asked: Reading, key: string, from: From): Reply | undefined {
  const { keyspace } = context;
  const stream = keyspace.read(key, "stream");
  if (stream === undefined) return undefined;
  if (asked.group === undefined) {
    const start = nextId(from as StreamId);
    const entries = start === undefined ? [] : stream.range(start, ID_MAX, asked.count);
    return entries.length === 0 ? undefined : entries.map(replyOfEntry);
  }
  const { name, consumer } = asked.group;
  const group = stream.groups.get(name);
  // Somebody destroyed it while this client waited.
  if (group === undefined) throw noGroup(key, name);
  if (from === "new") {
    const last = stream.last;
    if (last === undefined || !isBefore(group.lastId, last.id)) return undefined;
    return keyspace.change(key, "stream", (changed) => deliverNew(context, changed, group, consumer, asked));
  }
  return keyspace.change(key, "stream", (changed) => repeatPending(context, changed, group, consumer, from, asked));
}

function deliverNew(
  { nowMs }: CommandContext,
  stream: StreamValue,
  group: StreamGroup,
  consumerName: string,
  { count, noAck }: Reading,
): Reply {
  const now = nowMs();
  const consumer = findOrAddConsumer(group, consumerName, now);
  const start = nextId(group.lastId);
  const entries = start === undefined ? [] : stream.range(start, ID_MAX, count);
  for (const { id } of entries) {
    const known = group.entriesRead !== undefined && !stream.hasGapFrom(id);
    group.entriesRead = known ? (group.entriesRead as number) + 1 : stream.countUpTo(id);
    group.lastId = id;
    if (noAck) continue;
    // Delivered before, and again since XGROUP SETID went back.
    const before = group.pending.get(formatId(id));
    if (before !== undefined) before.consumer.pendingCount -= 1;
    consumer.pendingCount += 1;
    group.pending.set(formatId(id), { id, consumer, deliveredAtMs: now, deliveries: 1 });
  }
  stream.markChanged();
  return entries.map(replyOfEntry);
}

/** What the consumer has and has not acknowledged; of an entry that is gone only the id. */
function repeatPending(
  { nowMs }: CommandContext,
  stream: StreamValue,
  group: StreamGroup,
  consumerName: string,
  from: StreamId,
  { count }: Reading,
): Reply {
  const now = nowMs();
  const consumer = findOrAddConsumer(group, consumerName, now);
  const pending = pendingOf(group).filter((entry) => entry.consumer === consumer && compareIds(entry.id, from) > 0);
  stream.markChanged();
  return pending.slice(0, count).map((entry): Reply => {
    const found = stream.find(entry.id);
    if (found === undefined) return [formatId(entry.id), NULL_ARRAY];
    entry.deliveredAtMs = now;
    entry.deliveries += 1;
    return replyOfEntry(found);
  });
}
