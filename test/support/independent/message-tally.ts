/**
 * What a message is, and how messages are summed. Nothing of it is the product's: a value is read with JSON.parse, and
 * the mix of an id is written down anew from the definition of murmur3. Pure.
 */
const SUM_MODULUS = 2 ** 48;
const ID_MAX = 2 ** 48 - 1;

export interface Tally {
  messages: number;
  /** Records whose value is no message. */
  rejected: number;
  /** Σ id and Σ mix(id) over the messages, modulo 2^48. */
  idSum: number;
  idMix: number;
  /** Messages whose id is not above that of the message before. */
  disorder: number;
}

export const emptyTally = (): Tally => ({ messages: 0, rejected: 0, idSum: 0, idMix: 0, disorder: 0 });

/** murmur3's 32-bit finalizer over the two halves of the id. */
export function mixOf(id: number): number {
  let h = ((id % 4_294_967_296) ^ Math.floor(id / 4_294_967_296)) >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** The id of a message, or null for a value that is none. */
export function idOf(value: string): number | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return null;
  }
  if (parsed === null || typeof parsed !== "object" || Array.isArray(parsed) || !Object.hasOwn(parsed, "id"))
    return null;
  const { id } = parsed as { id: unknown };
  const number = typeof id === "string" && /^\d+$/.test(id) ? Number(id) : id;
  return typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= ID_MAX ? number : null;
}

export function addTo(tally: Tally, id: number | null, isDisorder: boolean): void {
  if (id === null) {
    tally.rejected += 1;
    return;
  }
  tally.messages += 1;
  tally.idSum = (tally.idSum + id) % SUM_MODULUS;
  tally.idMix = (tally.idMix + mixOf(id)) % SUM_MODULUS;
  if (isDisorder) tally.disorder += 1;
}
