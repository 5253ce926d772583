/** Signed 64-bit numbers, and the positions in a sequence that are made of them. */
import { CommandError, notAnInteger } from "../command-error.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Undefined unless the text is a signed 64-bit number in canonical form. */
export function readInteger(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

export function parseInteger(text: string | undefined): bigint {
  const value = readInteger(text);
  if (value === undefined) throw notAnInteger();
  return value;
}

/** For indexes and counts: what is beyond 2^53 behaves as the largest that a collection could have. */
export function parseIndex(text: string | undefined): number {
  return Number(parseInteger(text));
}

/** A count that must not be negative. */
export function parseCount(text: string | undefined): number {
  const value = readInteger(text);
  if (value === undefined || value < 0n) throw new CommandError("ERR value is out of range, must be positive");
  return Number(value);
}

export function addIntegers(a: bigint, b: bigint): bigint {
  const sum = a + b;
  if (sum > INT64_MAX || sum < INT64_MIN) throw new CommandError("ERR increment or decrement would overflow");
  return sum;
}

/** The half-open range that inclusive positions mean, where -1 is the last one. Empty when `from` is not below `to`. */
export function resolveRange(start: number, stop: number, size: number): { from: number; to: number } {
  const from = start < 0 ? Math.max(0, start + size) : start;
  const last = stop < 0 ? stop + size : Math.min(stop, size - 1);
  return { from, to: Math.max(from, last + 1) };
}

/** Milliseconds since 1970 at which a key ends, from what EX, PX, EXAT, PXAT and EXPIRE give. */
export function parseExpiry(
  text: string | undefined,
  a: { unitMs: number; fromMs: number; command: string; positive: boolean },
): number {
  const given = parseInteger(text);
  const expiresAtMs = given * BigInt(a.unitMs) + BigInt(a.fromMs);
  const outOfRange = given * BigInt(a.unitMs) > INT64_MAX || given * BigInt(a.unitMs) < INT64_MIN;
  if (outOfRange || expiresAtMs > INT64_MAX || (a.positive && given <= 0n)) {
    throw new CommandError(`ERR invalid expire time in '${a.command}' command`);
  }
  return Number(expiresAtMs);
}
