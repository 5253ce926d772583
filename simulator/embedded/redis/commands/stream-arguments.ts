/** What the commands of streams share: how ids are written, how entries are answered, how a stream is cut. */
import { CommandError, syntaxError } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { parseInteger, readInteger } from "../numbers/integer.ts";
import type { Reply } from "../reply.ts";
import {
  compareIds,
  formatId,
  ID_MAX,
  ID_MIN,
  nextId,
  previousId,
  type StreamEntry,
  type StreamGroup,
  type StreamId,
  type StreamValue,
} from "../values/stream.ts";

const UINT64_MAX = ID_MAX.ms;
/** Redis keeps so many entries in one node of its tree, and `~` removes only whole nodes. */
const NODE_ENTRIES = 100;
const APPROXIMATE_LIMIT = 100 * NODE_ENTRIES;

export const invalidId = (): CommandError =>
  new CommandError("ERR Invalid stream ID specified as stream command argument");

/** `ms` or `ms-seq`; undefined when it is neither. */
export function readId(text: string, missingSeq = 0n): StreamId | undefined {
  const [, msText, seqText] = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text) ?? [];
  if (msText === undefined) return undefined;
  const id = { ms: BigInt(msText), seq: seqText === undefined ? missingSeq : BigInt(seqText) };
  return id.ms > UINT64_MAX || id.seq > UINT64_MAX ? undefined : id;
}

export function parseId(text: string): StreamId {
  const id = readId(text);
  if (id === undefined) throw invalidId();
  return id;
}

/** The end of a range: an id, `(id` without that one itself, `-` or `+`. */
export function parseBound(text: string, end: "start" | "end"): StreamId {
  const missingSeq = end === "start" ? 0n : UINT64_MAX;
  if (text === "-") return ID_MIN;
  if (text === "+") return ID_MAX;
  if (!text.startsWith("(")) {
    const id = readId(text, missingSeq);
    if (id === undefined) throw invalidId();
    return id;
  }
  const excluded = readId(text.slice(1), missingSeq);
  if (excluded === undefined) throw invalidId();
  const id = end === "start" ? nextId(excluded) : previousId(excluded);
  if (id === undefined) throw new CommandError(`ERR invalid ${end} ID for the interval`);
  return id;
}

export const replyOfEntry = ({ id, fields }: StreamEntry): Reply => [formatId(id), fields];

export function findGroup(keyspace: Keyspace, key: string, name: string): StreamGroup | undefined {
  return keyspace.read(key, "stream")?.groups.get(name);
}

export interface Trim {
  readonly strategy:
    | { readonly kind: "MAXLEN"; readonly length: number }
    | { readonly kind: "MINID"; readonly id: StreamId };
  readonly approximate: boolean;
  readonly limit: number;
}

interface TrimArguments {
  /** Undefined without a threshold. Throws what is wrong with LIMIT; XADD reads its id before that. */
  readonly readTrim: () => Trim | undefined;
  readonly noMakeStream: boolean;
  /** Where the first argument stands that belongs to none of it. */
  readonly next: number;
}

/** `[NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]]`, and where the rest begins. */
export function parseTrim(args: readonly string[], isAdd: boolean): TrimArguments {
  let strategy: Trim["strategy"] | undefined;
  let approximate = false;
  let limit: number | undefined;
  let noMakeStream = false;
  let i = 0;
  for (; i < args.length; i += 1) {
    const option = (args[i] as string).toUpperCase();
    const more = args.length - 1 - i;
    if ((option === "MAXLEN" || option === "MINID") && more > 0) {
      if (strategy !== undefined) {
        throw new CommandError("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
      }
      approximate = args[i + 1] === "~" && more > 1;
      if (approximate || (args[i + 1] === "=" && more > 1)) i += 1;
      i += 1;
      strategy = parseThreshold(option, args[i] as string);
    } else if (option === "LIMIT" && more > 0) {
      i += 1;
      limit = Number(parseInteger(args[i]));
      if (limit < 0) throw new CommandError("ERR The LIMIT argument must be >= 0.");
    } else if (isAdd && option === "NOMKSTREAM") noMakeStream = true;
    else if (isAdd) break;
    else throw syntaxError();
  }
  return { noMakeStream, next: i, readTrim: () => checkTrim(strategy, approximate, limit) };
}

function parseThreshold(kind: "MAXLEN" | "MINID", text: string): Trim["strategy"] {
  if (kind === "MINID") return { kind, id: parseId(text) };
  const length = Number(parseInteger(text));
  if (length < 0) throw new CommandError("ERR The MAXLEN argument must be >= 0.");
  return { kind, length };
}

function checkTrim(
  strategy: Trim["strategy"] | undefined,
  approximate: boolean,
  limit: number | undefined,
): Trim | undefined {
  if (strategy === undefined) {
    if (limit === undefined) return undefined;
    throw new CommandError("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  }
  if (limit !== undefined && !approximate) {
    throw new CommandError("ERR syntax error, LIMIT cannot be used without the special ~ option");
  }
  const limitOfKind = limit ?? APPROXIMATE_LIMIT;
  return { strategy, approximate, limit: approximate && limitOfKind > 0 ? limitOfKind : Number.POSITIVE_INFINITY };
}

/** Removes the oldest entries; returns how many. */
export function trimStream(stream: StreamValue, { strategy, approximate, limit }: Trim): number {
  const tooMany =
    strategy.kind === "MAXLEN" ? Math.max(0, stream.length - strategy.length) : stream.countBefore(strategy.id);
  let count = tooMany;
  if (approximate) {
    const isWhole = tooMany === stream.length;
    const whole = isWhole ? tooMany : tooMany - (tooMany % NODE_ENTRIES);
    count = whole <= limit ? whole : limit - (limit % NODE_ENTRIES);
  }
  stream.dropOldest(count);
  return count;
}

/** A whole number of milliseconds that an option gives; its error names the option. */
export function parseMs(text: string | undefined, what: string): number {
  const value = readInteger(text);
  if (value === undefined) throw new CommandError(`ERR Invalid ${what}`);
  return Number(value);
}

export const isBefore = (a: StreamId, b: StreamId): boolean => compareIds(a, b) < 0;
