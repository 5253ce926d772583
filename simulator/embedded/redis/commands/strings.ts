/** Commands on strings. */

import { CommandError, syntaxError, wrongArity } from "../command-error.ts";
import type { Keyspace } from "../keyspace.ts";
import { addIntegers, parseExpiry, parseIndex, parseInteger } from "../numbers/integer.ts";
import { addLongDoubles } from "../numbers/long-double.ts";
import { OK, type Reply } from "../reply.ts";
import type { Command, CommandContext, CommandTable } from "./command.ts";

/** What SETRANGE, SETBIT and APPEND may make of a value. */
export const STRING_BYTES_MAX = 67_108_864;
/** A copy of a longer text needs room among the data. Until then it is a part of what is kept for the work itself. */
const COPIED_BYTES_MAX = 33_554_432;

export const stringCommands: CommandTable = {
  GET: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => keyspace.readString(key) ?? null },
  SET: { arity: -3, grows: true, run: set },
  SETNX: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, text]: readonly [string, string]) {
      if (keyspace.has(key)) return 0;
      keyspace.setString(key, text, null);
      return 1;
    },
  },
  SETEX: settingFor("setex", 1_000),
  PSETEX: settingFor("psetex", 1),
  GETSET: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, text]: readonly [string, string]) {
      const before = keyspace.readString(key) ?? null;
      keyspace.setString(key, text, null);
      return before;
    },
  },
  GETDEL: {
    arity: 2,
    run({ keyspace }, [key]: readonly [string]) {
      const before = keyspace.readString(key) ?? null;
      keyspace.remove(key);
      return before;
    },
  },
  GETEX: { arity: -2, run: getAndExpire },
  MGET: {
    arity: -2,
    // A key of another type counts as absent here, as in Redis.
    run: ({ keyspace }, keys) =>
      keys.map((key) => (keyspace.typeOf(key) === "string" ? (keyspace.readString(key) ?? null) : null)),
  },
  MSET: {
    arity: -3,
    grows: true,
    run({ keyspace }, args) {
      setPairs(keyspace, "mset", args);
      return OK;
    },
  },
  MSETNX: {
    arity: -3,
    grows: true,
    run({ keyspace }, args) {
      if (args.length % 2 !== 0) throw wrongArity("msetnx");
      if (args.some((key, i) => i % 2 === 0 && keyspace.has(key))) return 0;
      setPairs(keyspace, "msetnx", args);
      return 1;
    },
  },
  APPEND: {
    arity: 3,
    grows: true,
    run(context, [key, tail]: readonly [string, string]) {
      const { keyspace } = context;
      const before = keyspace.readString(key) ?? "";
      checkSize(before.length + tail.length);
      const isDue = isCompactedAt(before.length, before.length + tail.length);
      if (isDue) requireCopy(context, before, before.length + tail.length);
      const text = before + tail;
      if (isDue) compact(text);
      replaceText(keyspace, key, text);
      return text.length;
    },
  },
  STRLEN: { arity: 2, run: ({ keyspace }, [key]: readonly [string]) => (keyspace.readString(key) ?? "").length },
  GETRANGE: { arity: 4, run: getRange },
  SUBSTR: { arity: 4, run: getRange },
  SETRANGE: { arity: 4, grows: true, run: setRange },
  INCR: { arity: 2, grows: true, run: ({ keyspace }, [key]: readonly [string]) => increment(keyspace, key, 1n) },
  DECR: { arity: 2, grows: true, run: ({ keyspace }, [key]: readonly [string]) => increment(keyspace, key, -1n) },
  INCRBY: {
    arity: 3,
    grows: true,
    run: ({ keyspace }, [key, by]: readonly [string, string]) => increment(keyspace, key, parseInteger(by)),
  },
  DECRBY: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, by]: readonly [string, string]) {
      const decrement = parseInteger(by);
      if (decrement === -(2n ** 63n)) throw new CommandError("ERR decrement would overflow");
      return increment(keyspace, key, -decrement);
    },
  },
  INCRBYFLOAT: {
    arity: 3,
    grows: true,
    run({ keyspace }, [key, by]: readonly [string, string]) {
      const sum = addLongDoubles(keyspace.readString(key) ?? "0", by, "value is not a valid float");
      replaceText(keyspace, key, sum);
      return sum;
    },
  },
};

function settingFor(command: string, unitMs: number): Command {
  return {
    arity: 4,
    grows: true,
    run({ keyspace, nowMs }, [key, span, text]: readonly [string, string, string]) {
      keyspace.setString(key, text, parseExpiry(span, { unitMs, fromMs: nowMs(), command, positive: true }));
      return OK;
    },
  };
}

function setPairs(keyspace: Keyspace, command: string, args: readonly string[]): void {
  if (args.length % 2 !== 0) throw wrongArity(command);
  for (let i = 0; i < args.length; i += 2) keyspace.setString(args[i] as string, args[i + 1] as string, null);
}

/** A new text for the key; when the key ends stays as it was. */
export function replaceText(keyspace: Keyspace, key: string, text: string): void {
  keyspace.setString(key, text, keyspace.expiryOf(key) ?? null);
}

/**
 * The engine keeps a sum of texts as a tree of them, and a part as a reference to the whole. Reading a character makes it
 * one plain text in place, so that neither the tree nor the whole outlives the command.
 */
function compact(text: string): void {
  text.charCodeAt(0);
}

/** Texts that are added a few bytes at a time become plain at each 32nd of their length: what is between costs little. */
const isCompactedAt = (before: number, after: number): boolean => {
  const shift = Math.max(0, 26 - Math.clz32(after));
  return before >>> shift !== after >>> shift;
};

function checkSize(bytes: number): void {
  if (bytes > STRING_BYTES_MAX) {
    throw new CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  }
}

function increment(keyspace: Keyspace, key: string, by: bigint): bigint {
  const before = keyspace.readString(key);
  const sum = addIntegers(before === undefined ? 0n : parseInteger(before), by);
  replaceText(keyspace, key, String(sum));
  return sum;
}

function getRange({ keyspace }: CommandContext, [key, start, stop]: readonly [string, string, string]): Reply {
  const [first, last] = [parseIndex(start), parseIndex(stop)];
  const text = keyspace.readString(key) ?? "";
  if (first < 0 && last < 0 && first > last) return "";
  const from = first < 0 ? Math.max(0, first + text.length) : first;
  // A stop before the beginning means the first byte here, other than for lists.
  const to = last < 0 ? Math.max(0, last + text.length) : last;
  return from > to ? "" : text.slice(from, to + 1);
}

function setRange(context: CommandContext, [key, offsetText, piece]: readonly [string, string, string]): Reply {
  const { keyspace } = context;
  const offset = parseIndex(offsetText);
  if (offset < 0) throw new CommandError("ERR offset is out of range");
  const before = keyspace.readString(key) ?? "";
  if (piece === "") return before.length;
  checkSize(offset + piece.length);
  return writeRange(context, key, offset, piece).length;
}

/** The value of the key with the piece in it, and with zeros where there was nothing before the piece. */
export function writeRange(context: CommandContext, key: string, offset: number, piece: string): string {
  const { keyspace } = context;
  const before = keyspace.readString(key) ?? "";
  requireCopy(context, before, Math.max(before.length, offset + piece.length));
  const text = before.slice(0, offset).padEnd(offset, "\0") + piece + before.slice(offset + piece.length);
  compact(text);
  replaceText(keyspace, key, text);
  return text;
}

/** A changed text is made anew, and for a moment both are there. Throws OOM. */
function requireCopy(context: CommandContext, before: string, bytes: number): void {
  context.requireRoom(Math.max(bytes - before.length, bytes - COPIED_BYTES_MAX));
  context.server.guard.makeRoom(bytes);
}

interface ExpiryOptions {
  readonly condition: "NX" | "XX" | undefined;
  readonly get: boolean;
  readonly persist: boolean;
  /** "keep": as it was; null: nothing was said. Throws when the time that was given is none. */
  readonly readExpiry: () => number | "keep" | null;
}

const EXPIRY_UNITS: Readonly<Record<string, { readonly unitMs: number; readonly absolute: boolean }>> = {
  EX: { unitMs: 1_000, absolute: false },
  PX: { unitMs: 1, absolute: false },
  EXAT: { unitMs: 1_000, absolute: true },
  PXAT: { unitMs: 1, absolute: true },
};

/** The options behind the value of SET, and behind the key of GETEX.  */
function parseExpiryOptions(options: readonly string[], a: { command: "set" | "getex"; nowMs: number }): ExpiryOptions {
  const isSet = a.command === "set";
  let condition: "NX" | "XX" | undefined;
  let get = false;
  let persist = false;
  let keep = false;
  let expiry: { readonly unit: string; readonly text: string | undefined } | undefined;
  for (let i = 0; i < options.length; i += 1) {
    const option = (options[i] as string).toUpperCase();
    const isFree = expiry === undefined && !keep && !persist;
    if (isSet && (option === "NX" || option === "XX") && (condition ?? option) === option) condition = option;
    else if (isSet && option === "GET") get = true;
    else if (isSet && option === "KEEPTTL" && (isFree || keep)) keep = true;
    else if (!isSet && option === "PERSIST" && (isFree || persist)) persist = true;
    else if (option in EXPIRY_UNITS && isFree && i + 1 < options.length) {
      i += 1;
      expiry = { unit: option, text: options[i] };
    } else throw syntaxError();
  }
  const readExpiry = () => {
    if (expiry === undefined) return keep ? "keep" : null;
    const { unitMs, absolute } = EXPIRY_UNITS[expiry.unit] as { unitMs: number; absolute: boolean };
    return parseExpiry(expiry.text, { unitMs, fromMs: absolute ? 0 : a.nowMs, command: a.command, positive: true });
  };
  return { condition, get, persist, readExpiry };
}

/** SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT seconds | PXAT milliseconds | KEEPTTL] */
function set({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [key, text, ...options] = args as [string, string, ...string[]];
  const { condition, get, readExpiry } = parseExpiryOptions(options, { command: "set", nowMs: nowMs() });
  const expiresAtMs = readExpiry();
  const before = get ? (keyspace.readString(key) ?? null) : null;
  const allowed = condition === undefined || keyspace.has(key) === (condition === "XX");
  if (!allowed) return before;
  keyspace.setString(key, text, expiresAtMs === "keep" ? (keyspace.expiryOf(key) ?? null) : expiresAtMs);
  return get ? before : OK;
}

/** GETEX key [EX seconds | PX milliseconds | EXAT seconds | PXAT milliseconds | PERSIST] */
function getAndExpire({ keyspace, nowMs }: CommandContext, args: readonly string[]): Reply {
  const [key, ...options] = args as [string, ...string[]];
  const { readExpiry, persist } = parseExpiryOptions(options, { command: "getex", nowMs: nowMs() });
  const text = keyspace.readString(key);
  if (text === undefined) return null;
  const expiresAtMs = readExpiry();
  if (persist) keyspace.setExpiry(key, null);
  else if (typeof expiresAtMs === "number" && expiresAtMs <= nowMs()) keyspace.remove(key);
  else if (typeof expiresAtMs === "number") keyspace.setExpiry(key, expiresAtMs);
  return text;
}
