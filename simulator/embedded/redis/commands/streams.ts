/** Commands on the entries of streams. Groups are in `stream-groups.ts`, reading and waiting in `stream-reads.ts`. */
import { CommandError, syntaxError, wrongArity } from "../command-error.ts";
import { parseIndex, readInteger } from "../numbers/integer.ts";
import { NULL_ARRAY, OK, type Reply } from "../reply.ts";
import { compareIds, formatId, ID_MAX, ID_MIN, nextId, type StreamId, type StreamValue } from "../values/stream.ts";
import type { Command, CommandContext, CommandTable } from "./command.ts";
import {
  invalidId,
  isBefore,
  parseBound,
  parseId,
  parseTrim,
  readId,
  replyOfEntry,
  trimStream,
} from "./stream-arguments.ts";

export const streamCommands: CommandTable = {
  XADD: { arity: -5, grows: true, run: add },
  XLEN: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => keyspace.read(key, "stream")?.length ?? 0 },
  XRANGE: ranging("forward"),
  XREVRANGE: ranging("backward"),
  XDEL: {
    arity: -3,
    run({ keyspace }, [key, ...texts]: readonly [string, ...string[]]) {
      if (keyspace.read(key, "stream") === undefined) return 0;
      const ids = texts.map(parseId);
      return keyspace.change(key, "stream", (stream) => ids.filter((id) => stream.remove(id)).length);
    },
  },
  XTRIM: {
    arity: -4,
    run({ keyspace }, [key, ...options]: readonly [string, ...string[]]) {
      const trim = parseTrim(options, false).readTrim();
      if (trim === undefined) throw syntaxError();
      if (keyspace.read(key, "stream") === undefined) return 0;
      return keyspace.change(key, "stream", (stream) => trimStream(stream, trim));
    },
  },
  XSETID: { arity: -3, run: setId },
};

/** The id of a new entry: `*`, `ms-*`, `ms` or `ms-seq`. */
type NewId =
  | { readonly kind: "now" }
  | { readonly kind: "in"; readonly ms: bigint }
  | { readonly kind: "exactly"; readonly id: StreamId };

function parseNewId(text: string): NewId {
  if (text === "*") return { kind: "now" };
  const partial = /^(\d{1,20})-\*$/.exec(text)?.[1];
  const id = readId(partial ?? text);
  if (id === undefined) throw invalidId();
  return partial === undefined ? { kind: "exactly", id } : { kind: "in", ms: id.ms };
}

function add({ keyspace, nowMs }: CommandContext, [key, ...args]: readonly [string, ...string[]]): Reply {
  const { readTrim, noMakeStream, next } = parseTrim(args, true);
  const [idText, ...fields] = args.slice(next);
  const newId = idText === undefined ? undefined : parseNewId(idText);
  const trim = readTrim();
  if (newId === undefined || fields.length < 2 || fields.length % 2 !== 0) throw wrongArity("xadd");
  if (newId.kind === "exactly" && compareIds(newId.id, ID_MIN) === 0) {
    throw new CommandError("ERR The ID specified in XADD must be greater than 0-0");
  }
  const found = keyspace.read(key, "stream");
  if (found === undefined && noMakeStream) return null;
  return keyspace.change(key, "stream", (stream) => {
    const id = chooseId(stream, newId, nowMs());
    stream.append(id, fields);
    if (trim !== undefined) trimStream(stream, trim);
    return formatId(id);
  });
}

function chooseId({ lastId }: StreamValue, newId: NewId, nowMs: number): StreamId {
  const following = nextId(lastId);
  if (following === undefined) {
    throw new CommandError("ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const wanted = ((): StreamId => {
    switch (newId.kind) {
      case "exactly":
        return newId.id;
      case "in":
        return newId.ms === lastId.ms ? following : { ms: newId.ms, seq: 0n };
      case "now":
        return BigInt(nowMs) > lastId.ms ? { ms: BigInt(nowMs), seq: 0n } : following;
    }
  })();
  if (!isBefore(lastId, wanted) || (newId.kind === "in" && wanted.ms !== newId.ms)) {
    throw new CommandError("ERR The ID specified in XADD is equal or smaller than the target stream top item");
  }
  return wanted;
}

function ranging(direction: "forward" | "backward"): Command {
  return {
    arity: -4,
    run({ keyspace }, [key, first, second, ...options]: readonly [string, string, string, ...string[]]) {
      const [startText, endText] = direction === "forward" ? [first, second] : [second, first];
      const from = parseBound(startText, "start");
      const to = parseBound(endText, "end");
      let count = Number.POSITIVE_INFINITY;
      for (let i = 0; i < options.length; i += 2) {
        if ((options[i] as string).toUpperCase() !== "COUNT" || i + 1 >= options.length) throw syntaxError();
        count = Math.max(0, parseIndex(options[i + 1]));
      }
      const stream = keyspace.read(key, "stream");
      if (stream === undefined) return [];
      if (count === 0) return NULL_ARRAY;
      const entries = direction === "forward" ? stream.range(from, to, count) : stream.reverseRange(from, to, count);
      return entries.map(replyOfEntry);
    },
  };
}

/** XSETID key last-id [ENTRIESADDED count] [MAXDELETEDID id] */
function setId({ keyspace }: CommandContext, args: readonly string[]): Reply {
  const [key, idText, ...options] = args as [string, string, ...string[]];
  const id = parseId(idText);
  let added: number | undefined;
  let maxDeleted: StreamId | undefined;
  for (let i = 0; i < options.length; i += 2) {
    const option = (options[i] as string).toUpperCase();
    const value = options[i + 1];
    if (value === undefined) throw syntaxError();
    if (option === "ENTRIESADDED") {
      const count = readInteger(value);
      if (count === undefined) throw new CommandError("ERR value is not an integer or out of range");
      if (count < 0n) throw new CommandError("ERR entries_added must be positive");
      added = Number(count);
    } else if (option === "MAXDELETEDID") {
      maxDeleted = parseId(value);
      if (isBefore(id, maxDeleted)) {
        throw new CommandError("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
    } else throw syntaxError();
  }
  const found = keyspace.read(key, "stream");
  if (found === undefined) throw new CommandError("ERR no such key");
  const top = found.reverseRange(ID_MIN, ID_MAX, 1)[0];
  if (top !== undefined && isBefore(id, top.id)) {
    throw new CommandError("ERR The ID specified in XSETID is smaller than the target stream top item");
  }
  if (added !== undefined && found.length > added) {
    throw new CommandError("ERR The entries_added specified in XSETID is smaller than the target stream length");
  }
  keyspace.change(key, "stream", (stream) => {
    stream.lastId = id;
    stream.entriesAdded = added ?? stream.entriesAdded;
    if (maxDeleted !== undefined && compareIds(maxDeleted, ID_MIN) > 0) stream.maxDeletedId = maxDeleted;
    stream.markChanged();
  });
  return OK;
}
