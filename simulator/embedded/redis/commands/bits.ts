/** Strings as rows of bits: bit 0 is the highest one of the first byte. */
import { CommandError, syntaxError } from "../command-error.ts";
import { parseInteger, readInteger } from "../numbers/integer.ts";
import type { Reply } from "../reply.ts";
import type { CommandContext, CommandTable } from "./command.ts";
import { STRING_BYTES_MAX, writeRange } from "./strings.ts";

export const bitCommands: CommandTable = {
  SETBIT: { arity: 4, grows: true, run: setBit },
  GETBIT: {
    arity: 3,
    run({ keyspace }, [key, offset]: readonly [string, string]) {
      const at = parseOffset(offset);
      return readBit(keyspace.readString(key) ?? "", at);
    },
  },
  BITCOUNT: { arity: -2, run: countBits },
  BITPOS: { arity: -3, run: findBit },
};

/** Redis allows 2^32 bits; the values of this server are shorter. */
function parseOffset(text: string): number {
  const offset = readInteger(text);
  if (offset === undefined || offset < 0n || offset >= STRING_BYTES_MAX * 8) {
    throw new CommandError("ERR bit offset is not an integer or out of range");
  }
  return Number(offset);
}

const readBit = (text: string, at: number): number => {
  const byte = Math.floor(at / 8);
  return byte < text.length ? (text.charCodeAt(byte) >> (7 - (at % 8))) & 1 : 0;
};

function setBit(context: CommandContext, [key, offset, given]: readonly [string, string, string]): Reply {
  const { keyspace } = context;
  const at = parseOffset(offset);
  if (given !== "0" && given !== "1") throw new CommandError("ERR bit is not an integer or out of range");
  const before = keyspace.readString(key) ?? "";
  const byteAt = Math.floor(at / 8);
  const byte = byteAt < before.length ? before.charCodeAt(byteAt) : 0;
  const mask = 0x80 >> (at % 8);
  writeRange(context, key, byteAt, String.fromCharCode(given === "1" ? byte | mask : byte & ~mask));
  return readBit(before, at);
}

interface BitRange {
  /** Half open, in bits. */
  readonly from: number;
  readonly to: number;
}

const parseBitsEach = (unit = "BYTE"): 8 | 1 => {
  switch (unit.toUpperCase()) {
    case "BYTE":
      return 8;
    case "BIT":
      return 1;
    default:
      throw syntaxError();
  }
};

/** In units of so many bits; negative counts from the end of the text. */
function resolveRange(text: string, start: bigint, end: bigint, bitsEach: 8 | 1): BitRange {
  const size = (text.length * 8) / bitsEach;
  const resolve = (index: bigint) => Math.max(0, Number(index) + (index < 0n ? size : 0));
  return { from: resolve(start) * bitsEach, to: (Math.min(resolve(end), size - 1) + 1) * bitsEach };
}

/**
 * BITCOUNT key [start end [BYTE | BIT]]. Of a key that is not there the range is not even looked at, and of two ends in the
 * wrong order, both counted from the end of the text, the unit is not, as in Redis.
 */
function countBits({ keyspace }: CommandContext, [key, ...args]: readonly [string, ...string[]]): Reply {
  const text = keyspace.readString(key);
  if (text === undefined) return 0;
  if (args.length === 1 || args.length > 3) throw syntaxError();
  const [start = "0", end = "-1", unit] = args;
  const [first, last] = [parseInteger(start), parseInteger(end)];
  if (first < 0n && last < 0n && first > last) return 0;
  const { from, to } = resolveRange(text, first, last, parseBitsEach(unit));
  let count = 0;
  for (let at = from; at < to; at += 1) count += readBit(text, at);
  return count;
}

/** BITPOS key bit [start [end [BYTE | BIT]]]. Of two wrong arguments Redis tells of the unit before the end. */
function findBit({ keyspace }: CommandContext, [key, given, ...args]: readonly [string, string, ...string[]]): Reply {
  const bit = parseInteger(given);
  if (bit !== 0n && bit !== 1n) throw new CommandError("ERR The bit argument must be 1 or 0.");
  const text = keyspace.readString(key);
  // What is not there is zeros without end.
  if (text === undefined) return bit === 0n ? 0 : -1;
  if (args.length > 3) throw syntaxError();
  const [start = "0", end = "-1", unit] = args;
  const first = parseInteger(start);
  const bitsEach = parseBitsEach(unit);
  const { from, to } = resolveRange(text, first, parseInteger(end), bitsEach);
  for (let at = from; at < to; at += 1) if (readBit(text, at) === Number(bit)) return at;
  // Without an end the zeros behind the text are looked at, too.
  return bit === 0n && args.length < 2 && from < to ? to : -1;
}
