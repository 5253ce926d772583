/**
 * The grammar of a message value, and the vocabulary for counting messages. Pure.
 *
 *   value   = `{"id":"` id `","ts":"` ts `","p":"` payload `"}`
 *   id      = 12 digits, from 000000000001
 *   ts      = 16 digits: run time in µs (with --rate: the intended send time)
 *   payload = `sample-data-` id, cut or padded with `x` so that the value has exactly --message-size bytes
 *
 * A value of this fixed form is recognised by its literals and digits in their places; payload bytes are not inspected.
 * Any other value: a JSON object whose `id` is an integer 1…2^48−1, or its decimal string, is a message too; all else is
 * rejected. The TaskManager and the validator each implement this, against the vectors in `message-vectors.ts`.
 */
export const MESSAGE = {
  idPrefix: '{"id":"',
  idAt: 7,
  idDigits: 12,
  tsPrefix: '","ts":"',
  tsAt: 27,
  tsDigits: 16,
  payloadPrefix: '","p":"',
  payloadAt: 50,
  suffix: '"}',
  payloadStem: "sample-data-",
  sizeMin: 64,
  /** A record must fit a batch, and a batch the broker's default of 1 MiB. */
  sizeMax: 900_000,
  idMax: 2 ** 48 - 1,
} as const;

/** A value of the fixed form with exactly `size` bytes, of which there are at least MESSAGE.sizeMin. */
export function formatMessage(id: number, tsUs: number, size: number): string {
  const idDigits = String(id).padStart(MESSAGE.idDigits, "0");
  const tsDigits = String(tsUs).padStart(MESSAGE.tsDigits, "0");
  const payloadBytes = size - MESSAGE.payloadAt - MESSAGE.suffix.length;
  const payload = `${MESSAGE.payloadStem}${idDigits}`.padEnd(payloadBytes, "x").slice(0, payloadBytes);
  const head = `${MESSAGE.idPrefix}${idDigits}${MESSAGE.tsPrefix}${tsDigits}${MESSAGE.payloadPrefix}`;
  return `${head}${payload}${MESSAGE.suffix}`;
}

/** Sums are kept modulo 2^48: exact in a double, in Lua as in JavaScript. */
export const SUM_MODULUS = 2 ** 48;

/** Why a value was rejected. A tombstone is a null value, which tells a compacted topic to forget the key. */
export type RejectReason = "tombstone" | "notJson" | "notObject" | "idMissing" | "idInvalid";

/** murmur3's fmix32 over (id mod 2^32) xor floor(id / 2^32). Returns an unsigned 32-bit integer. */
export function mix32(id: number): number {
  // The high part of a smaller id is 0; dividing would cost more than all the rest.
  let h = id < 4294967296 ? id | 0 : (id >>> 0) ^ Math.floor(id / 4294967296);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * How ids are laid over the partitions of our own topics: `stickyIds` consecutive ids go to one partition, the next ones
 * to the next partition, and so on in turn. It is what Kafka's own producers do with records without a key (sticky
 * partitioning, KIP-480): at a low rate one partition's batch of all records costs far less than one of each partition.
 */
export interface IdLayout {
  readonly partitions: number;
  readonly stickyIds: number;
}

const STICKY_MS = 5;
const STICKY_IDS_MAX = 5_000;

/**
 * At full speed 1, so that all partitions always have work. With a rate what is due within 5 ms: each batch costs a
 * produce request, a fetch and an APPLY, however few records it has, and records wait for their batch. Never more than
 * lets each partition have a turn; 0 messages = not known yet.
 */
export function chooseStickyIds(load: { rate: number; messages: number; partitions: number }): number {
  const fairMax = load.messages === 0 ? STICKY_IDS_MAX : Math.floor(load.messages / load.partitions);
  return Math.max(1, Math.min(Math.round((load.rate * STICKY_MS) / 1_000), fairMax, STICKY_IDS_MAX));
}

/** On our own topics record k (from 0) of partition p has this id, and its offset is k. */
export function idOfIndex(partition: number, index: number, { partitions, stickyIds }: IdLayout): number {
  const within = index % stickyIds;
  return (index - within) * partitions + partition * stickyIds + within + 1;
}

/** How many of the ids 1…lastId fall into a partition. */
export function messagesInPartition(partition: number, lastId: number, { partitions, stickyIds }: IdLayout): number {
  const cycleIds = partitions * stickyIds;
  const cycles = Math.floor(lastId / cycleIds);
  const rest = lastId - cycles * cycleIds - partition * stickyIds;
  return cycles * stickyIds + Math.min(stickyIds, Math.max(0, rest));
}
