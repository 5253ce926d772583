/** Groups of consumers: making them, and what their consumers have been given and have not acknowledged. */
import { CommandError, syntaxError, unknownSubcommand } from "../command-error.ts";
import { parseIndex, readInteger } from "../numbers/integer.ts";
import { NULL_ARRAY, OK, type Reply } from "../reply.ts";
import {
  compareIds,
  formatId,
  ID_MIN,
  type PendingEntry,
  type StreamConsumer,
  type StreamGroup,
  type StreamId,
  type StreamValue,
} from "../values/stream.ts";
import type { CommandContext, CommandTable } from "./command.ts";
import { findGroup, isBefore, parseBound, parseId, parseMs, readId, replyOfEntry } from "./stream-arguments.ts";

export const streamGroupCommands: CommandTable = {
  XGROUP: {
    arity: -2,
    subcommands: ["CREATE", "SETID", "DESTROY", "CREATECONSUMER", "DELCONSUMER"],
    subcommandArity: { CREATE: -5, SETID: -5, DESTROY: 4, CREATECONSUMER: 5, DELCONSUMER: 5 },
    grows: true,
    run: changeGroup,
  },
  XACK: {
    arity: -4,
    run({ keyspace }, [key, name, ...texts]: readonly [string, string, ...string[]]) {
      if (findGroup(keyspace, key, name) === undefined) return 0;
      const ids = texts.map(parseId);
      return keyspace.change(key, "stream", (stream) => {
        const group = stream.groups.get(name) as StreamGroup;
        stream.markChanged();
        return ids.filter((id) => dropPending(group, id)).length;
      });
    },
  },
  XPENDING: { arity: -3, run: tellPending },
  XCLAIM: { arity: -6, run: claim },
  XAUTOCLAIM: { arity: -6, run: claimIdle },
};

const noGroup = (key: string, group: string): CommandError =>
  new CommandError(`NOGROUP No such key '${key}' or consumer group '${group}'`);

/** In the order of the ids. */
export function pendingOf(group: StreamGroup): PendingEntry[] {
  return [...group.pending.values()].sort((a, b) => compareIds(a.id, b.id));
}

export function findOrAddConsumer(group: StreamGroup, name: string, nowMs: number): StreamConsumer {
  const found = group.consumers.get(name);
  if (found !== undefined) {
    found.seenAtMs = nowMs;
    return found;
  }
  const added = { name, seenAtMs: nowMs, pendingCount: 0 };
  group.consumers.set(name, added);
  return added;
}

function dropPending(group: StreamGroup, id: StreamId): boolean {
  const pending = group.pending.get(formatId(id));
  if (pending === undefined) return false;
  pending.consumer.pendingCount -= 1;
  return group.pending.delete(formatId(id));
}

function changeGroup({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [given, ...rest] = args as [string, ...string[]];
  const subcommand = given.toUpperCase();
  const [key, name, third, ...options] = rest as [string, string, string, ...string[]];
  const { makeStream, entriesRead } = parseGroupOptions(subcommand, options);
  const stream = keyspace.read(key, "stream");
  if (stream === undefined && !makeStream) {
    throw new CommandError(
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
    );
  }
  const group = stream?.groups.get(name);
  if (group === undefined && !["CREATE", "DESTROY"].includes(subcommand)) {
    throw new CommandError(`NOGROUP No such consumer group '${name}' for key name '${key}'`);
  }
  const resolve = (): StreamId => (third === "$" ? (stream?.lastId ?? ID_MIN) : parseId(third));
  return keyspace.change(key, "stream", (changed): Reply => {
    switch (subcommand) {
      case "CREATE": {
        const lastId = resolve();
        if (group !== undefined) throw new CommandError("BUSYGROUP Consumer Group name already exists");
        changed.groups.set(name, { lastId, entriesRead, pending: new Map(), consumers: new Map() });
        changed.markChanged();
        return OK;
      }
      case "SETID":
        Object.assign(group as StreamGroup, { lastId: resolve(), entriesRead });
        changed.markChanged();
        return OK;
      case "DESTROY":
        changed.markChanged();
        return changed.groups.delete(name) ? 1 : 0;
      case "CREATECONSUMER": {
        if ((group as StreamGroup).consumers.has(third)) return 0;
        findOrAddConsumer(group as StreamGroup, third, nowMs());
        changed.markChanged();
        return 1;
      }
      case "DELCONSUMER":
        changed.markChanged();
        return removeConsumer(group as StreamGroup, third);
      default:
        throw unknownSubcommand("XGROUP", given);
    }
  });
}

function parseGroupOptions(
  subcommand: string,
  options: readonly string[],
): { makeStream: boolean; entriesRead: number | undefined } {
  let makeStream = false;
  let entriesRead: number | undefined;
  for (let i = 0; i < options.length; i += 1) {
    const option = (options[i] as string).toUpperCase();
    if (option === "MKSTREAM" && subcommand === "CREATE") makeStream = true;
    else if (option === "ENTRIESREAD" && i + 1 < options.length) {
      i += 1;
      const count = parseIndex(options[i]);
      if (count < -1) throw new CommandError("ERR value for ENTRIESREAD must be positive or -1");
      entriesRead = count === -1 ? undefined : count;
    } else {
      throw new CommandError(
        `ERR unknown subcommand or wrong number of arguments for '${subcommand}'. Try XGROUP HELP.`,
      );
    }
  }
  return { makeStream, entriesRead };
}

/** Its entries are nobody's afterwards; returns how many they were. */
function removeConsumer(group: StreamGroup, name: string): number {
  const consumer = group.consumers.get(name);
  if (consumer === undefined) return 0;
  for (const [id, pending] of group.pending) if (pending.consumer === consumer) group.pending.delete(id);
  group.consumers.delete(name);
  return consumer.pendingCount;
}

/** XPENDING key group [[IDLE ms] start end count [consumer]] */
function tellPending({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [key, name, ...range] = args as [string, string, ...string[]];
  if (range.length > 0 && (range.length < 3 || range.length > 6)) throw syntaxError();
  let minIdleMs = 0;
  let rest: readonly string[] = range;
  if (range[0]?.toUpperCase() === "IDLE") {
    minIdleMs = parseIndex(range[1]);
    if (range.length < 5) throw syntaxError();
    rest = range.slice(2);
  }
  const [startText, endText, countText, consumerName, ...further] = rest as [string, string, string, ...string[]];
  if (further.length > 0) throw syntaxError();
  const isDetailed = range.length > 0;
  const count = isDetailed ? Math.max(0, parseIndex(countText)) : 0;
  const from = isDetailed ? parseBound(startText, "start") : ID_MIN;
  const to = isDetailed ? parseBound(endText, "end") : ID_MIN;
  const group = findGroup(keyspace, key, name);
  if (group === undefined) throw noGroup(key, name);
  const pending = pendingOf(group);
  if (!isDetailed) return summarizePending(group, pending);
  const now = nowMs();
  return pending
    .filter(({ id, consumer, deliveredAtMs }) => {
      if (isBefore(id, from) || isBefore(to, id)) return false;
      if (consumerName !== undefined && consumer.name !== consumerName) return false;
      return now - deliveredAtMs >= minIdleMs;
    })
    .slice(0, count)
    .map((entry): Reply => {
      const idleMs = Math.max(0, now - entry.deliveredAtMs);
      return [formatId(entry.id), entry.consumer.name, idleMs, entry.deliveries];
    });
}

function summarizePending(group: StreamGroup, pending: readonly PendingEntry[]): Reply {
  const [first, last] = [pending[0], pending.at(-1)];
  if (first === undefined || last === undefined) return [0, null, null, NULL_ARRAY];
  const consumers = sortedConsumers(group).filter(({ pendingCount }) => pendingCount > 0);
  const counts = consumers.map(({ name, pendingCount }): Reply => [name, String(pendingCount)]);
  return [pending.length, formatId(first.id), formatId(last.id), counts];
}

/** By name, as Redis keeps them. */
export function sortedConsumers(group: StreamGroup): StreamConsumer[] {
  return [...group.consumers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface ClaimOptions {
  readonly ids: readonly StreamId[];
  readonly deliveredAtMs: number;
  readonly deliveries: number | undefined;
  readonly force: boolean;
  readonly justId: boolean;
  readonly lastId: StreamId | undefined;
}

/** The ids come first; the first argument that is none begins the options. */
function parseClaim(args: readonly string[], nowMs: number): ClaimOptions {
  const firstOption = args.findIndex((text) => readId(text) === undefined);
  const ids = (firstOption === -1 ? args : args.slice(0, firstOption)).map(parseId);
  const options = firstOption === -1 ? [] : args.slice(firstOption);
  let deliveredAtMs = nowMs;
  let deliveries: number | undefined;
  let force = false;
  let justId = false;
  let lastId: StreamId | undefined;
  for (let i = 0; i < options.length; i += 1) {
    const given = options[i] as string;
    const option = given.toUpperCase();
    const value = options[i + 1];
    if (option === "FORCE") force = true;
    else if (option === "JUSTID") justId = true;
    else if (value !== undefined && ["IDLE", "TIME", "RETRYCOUNT", "LASTID"].includes(option)) {
      i += 1;
      if (option === "LASTID") lastId = parseId(value);
      else {
        const number = parseMs(value, `${option} option argument for XCLAIM`);
        if (option === "IDLE") deliveredAtMs = nowMs - number;
        else if (option === "TIME") deliveredAtMs = number;
        else deliveries = Math.max(0, number);
      }
    } else throw new CommandError(`ERR Unrecognized XCLAIM option '${given}'`);
  }
  const isPossible = deliveredAtMs >= 0 && deliveredAtMs <= nowMs;
  return { ids, deliveredAtMs: isPossible ? deliveredAtMs : nowMs, deliveries, force, justId, lastId };
}

/** XCLAIM key group consumer min-idle-time id … options */
function claim({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [key, name, consumerName, minIdleText, ...rest] = args as [string, string, string, string, ...string[]];
  const found = findGroup(keyspace, key, name);
  if (found === undefined) throw noGroup(key, name);
  const minIdleMs = Math.max(0, parseMs(minIdleText, "min-idle-time argument for XCLAIM"));
  const now = nowMs();
  const options = parseClaim(rest, now);
  return keyspace.change(key, "stream", (stream) => {
    const group = stream.groups.get(name) as StreamGroup;
    stream.markChanged();
    if (options.lastId !== undefined && isBefore(group.lastId, options.lastId)) group.lastId = options.lastId;
    return options.ids.flatMap((id): Reply[] => {
      const entry = stream.find(id);
      if (entry === undefined) {
        dropPending(group, id);
        return [];
      }
      const pending = group.pending.get(formatId(id)) ?? (options.force ? addPending(group, id, now) : undefined);
      if (pending === undefined) return [];
      const isOwned = pending.consumer !== NOBODY;
      if (isOwned && now - pending.deliveredAtMs < minIdleMs) return [];
      give(pending, findOrAddConsumer(group, consumerName, now));
      pending.deliveredAtMs = options.deliveredAtMs;
      if (options.deliveries !== undefined) pending.deliveries = options.deliveries;
      else if (!options.justId) pending.deliveries += 1;
      return [options.justId ? formatId(id) : replyOfEntry(entry)];
    });
  });
}

/** Who has an entry that FORCE made pending, until it is given to the one who claims it. */
const NOBODY: StreamConsumer = { name: "", seenAtMs: 0, pendingCount: 0 };

function addPending(group: StreamGroup, id: StreamId, nowMs: number): PendingEntry {
  const pending = { id, consumer: NOBODY, deliveredAtMs: nowMs, deliveries: 1 };
  group.pending.set(formatId(id), pending);
  return pending;
}

function give(pending: PendingEntry, consumer: StreamConsumer): void {
  if (pending.consumer !== NOBODY) pending.consumer.pendingCount -= 1;
  pending.consumer = consumer;
  consumer.pendingCount += 1;
}

const CLAIM_COUNT = 100;
const CLAIM_ATTEMPTS_PER_ENTRY = 10;

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID] */
function claimIdle({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [key, name, consumerName, minIdleText, startText, ...options] = args as [
    string,
    string,
    string,
    string,
    string,
    ...string[],
  ];
  const minIdleMs = Math.max(0, parseMs(minIdleText, "min-idle-time argument for XAUTOCLAIM"));
  const start = parseBound(startText, "start");
  let count = CLAIM_COUNT;
  let justId = false;
  for (let i = 0; i < options.length; i += 1) {
    const option = (options[i] as string).toUpperCase();
    if (option === "JUSTID") justId = true;
    else if (option === "COUNT" && options[i + 1] !== undefined) {
      i += 1;
      const given = readInteger(options[i]);
      if (given === undefined || given < 1n) throw new CommandError("ERR COUNT must be > 0");
      count = Number(given);
    } else throw syntaxError();
  }
  if (findGroup(keyspace, key, name) === undefined) throw noGroup(key, name);
  const now = nowMs();
  return keyspace.change(key, "stream", (stream): Reply => {
    const group = stream.groups.get(name) as StreamGroup;
    stream.markChanged();
    return walkIdle(stream, group, { consumerName, minIdleMs, start, count, justId, now });
  });
}

function walkIdle(
  stream: StreamValue,
  group: StreamGroup,
  a: { consumerName: string; minIdleMs: number; start: StreamId; count: number; justId: boolean; now: number },
): Reply {
  const pending = pendingOf(group).filter(({ id }) => !isBefore(id, a.start));
  const claimed: Reply[] = [];
  const deleted: Reply[] = [];
  let at = 0;
  const attempts = Math.min(pending.length, a.count * CLAIM_ATTEMPTS_PER_ENTRY);
  for (; at < attempts && claimed.length + deleted.length < a.count; at += 1) {
    const entry = pending[at] as PendingEntry;
    const found = stream.find(entry.id);
    if (found === undefined) {
      dropPending(group, entry.id);
      deleted.push(formatId(entry.id));
    } else if (a.now - entry.deliveredAtMs >= a.minIdleMs) {
      give(entry, findOrAddConsumer(group, a.consumerName, a.now));
      entry.deliveredAtMs = a.now;
      if (!a.justId) entry.deliveries += 1;
      claimed.push(a.justId ? formatId(entry.id) : replyOfEntry(found));
    }
  }
  const next = pending[at];
  return [formatId(next === undefined ? ID_MIN : next.id), claimed, deleted];
}
