/** XINFO: what is known of a stream, its groups and their consumers. */
import { CommandError, syntaxError, unknownSubcommand } from "../command-error.ts";
import { parseIndex } from "../numbers/integer.ts";
import type { Reply } from "../reply.ts";
import { formatId, ID_MAX, ID_MIN, type StreamGroup, type StreamValue } from "../values/stream.ts";
import type { CommandContext, CommandTable } from "./command.ts";
import { replyOfEntry } from "./stream-arguments.ts";
import { pendingOf, sortedConsumers } from "./stream-groups.ts";

/** What XINFO STREAM FULL shows of each list unless COUNT says otherwise. */
const FULL_COUNT = 10;
const NODE_ENTRIES = 100;

export const streamInfoCommands: CommandTable = {
  XINFO: {
    arity: -2,
    subcommands: ["STREAM", "GROUPS", "CONSUMERS"],
    subcommandArity: { STREAM: -3, GROUPS: 3, CONSUMERS: 4 },
    run: tell,
  },
};

function tell({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [given, key, ...rest] = args as [string, string, ...string[]];
  const subcommand = given.toUpperCase();
  const stream = keyspace.read(key, "stream");
  if (stream === undefined) throw new CommandError("ERR no such key");
  switch (subcommand) {
    case "STREAM":
      return tellStream(stream, rest);
    case "GROUPS":
      return sortedGroups(stream).map(([name, group]) => tellGroup(stream, name, group));
    case "CONSUMERS": {
      const [name] = rest as [string];
      const group = stream.groups.get(name);
      if (group === undefined) throw new CommandError(`NOGROUP No such consumer group '${name}' for key name '${key}'`);
      return sortedConsumers(group).map((consumer): Reply => {
        const idleMs = Math.max(0, nowMs() - consumer.seenAtMs);
        return { pairs: ["name", consumer.name, "pending", consumer.pendingCount, "idle", idleMs] };
      });
    }
    default:
      throw unknownSubcommand("XINFO", given);
  }
}

const sortedGroups = (stream: StreamValue) => [...stream.groups].sort(([a], [b]) => (a < b ? -1 : 1));

function tellStream(stream: StreamValue, options: readonly string[]): Reply {
  const nodes = Math.ceil(stream.length / NODE_ENTRIES);
  const facts: readonly Reply[] = [
    "length",
    stream.length,
    "radix-tree-keys",
    nodes,
    "radix-tree-nodes",
    nodes + 1,
    "last-generated-id",
    formatId(stream.lastId),
    "max-deleted-entry-id",
    formatId(stream.maxDeletedId),
    "entries-added",
    stream.entriesAdded,
    "recorded-first-entry-id",
    formatId(stream.first?.id ?? ID_MIN),
  ];
  if (options.length > 0) return { pairs: [...facts, ...tellAll(stream, options)] };
  const entry = (found: StreamValue["first"]): Reply => (found === undefined ? null : replyOfEntry(found));
  const ends = ["groups", stream.groups.size, "first-entry", entry(stream.first), "last-entry", entry(stream.last)];
  return { pairs: [...facts, ...ends] };
}

/** FULL [COUNT count] */
function tellAll(stream: StreamValue, [full, word, countText, ...rest]: readonly string[]): Reply[] {
  const isRight = word === undefined || (word.toUpperCase() === "COUNT" && countText !== undefined);
  if (full?.toUpperCase() !== "FULL" || !isRight || rest.length > 0) throw syntaxError();
  const given = countText === undefined ? FULL_COUNT : parseIndex(countText);
  const count = given === 0 ? Number.POSITIVE_INFINITY : given < 0 ? FULL_COUNT : given;
  const groups = sortedGroups(stream).map(([name, group]): Reply => {
    const pending = pendingOf(group);
    const consumers = sortedConsumers(group).map((consumer): Reply => {
      const own = pending.filter((entry) => entry.consumer === consumer).slice(0, count);
      const list = own.map((entry): Reply => [formatId(entry.id), entry.deliveredAtMs, entry.deliveries]);
      const facts = ["name", consumer.name, "seen-time", consumer.seenAtMs, "pel-count", consumer.pendingCount];
      return { pairs: [...facts, "pel", list] };
    });
    const list = pending
      .slice(0, count)
      .map((entry): Reply => [formatId(entry.id), entry.consumer.name, entry.deliveredAtMs, entry.deliveries]);
    return {
      pairs: [
        "name",
        name,
        "last-delivered-id",
        formatId(group.lastId),
        ...readAndLag(stream, group),
        "pel-count",
        pending.length,
        "pel",
        list,
        "consumers",
        consumers,
      ],
    };
  });
  return ["entries", stream.range(ID_MIN, ID_MAX, count).map(replyOfEntry), "groups", groups];
}

function tellGroup(stream: StreamValue, name: string, group: StreamGroup): Reply {
  const facts = ["name", name, "consumers", group.consumers.size, "pending", group.pending.size];
  return { pairs: [...facts, "last-delivered-id", formatId(group.lastId), ...readAndLag(stream, group)] };
}

/** How many entries the group has read, and how many it has before it; null where deletions hide it. */
function readAndLag(stream: StreamValue, group: StreamGroup): Reply[] {
  const isExact = group.entriesRead !== undefined && !stream.hasGapFrom(group.lastId);
  const read = isExact ? group.entriesRead : stream.countUpTo(group.lastId);
  const lag = stream.entriesAdded === 0 ? 0 : read === undefined ? null : stream.entriesAdded - read;
  return ["entries-read", group.entriesRead ?? null, "lag", lag];
}
