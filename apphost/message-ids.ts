/**
 * How many messages a run may have, over all its rounds. The validator remembers each id by one bit, so that it can name
 * what is lost or repeated; and an id has the digits that a message has room for. Both are checked before anything starts.
 */
import { MESSAGE } from "../simulator/common/contract/message.ts";
import { createError } from "../simulator/common/foundation/errors.ts";
import { formatAmount, formatCount } from "../simulator/common/foundation/figures.ts";
import { readMemoryBytes } from "../simulator/common/foundation/machine.ts";

const ID_MAX = 10 ** MESSAGE.idDigits - 1;
const IDS_PER_BYTE = 8;
/** The rest is for Kafka, whose pages the validator reads meanwhile, and for all others. */
const MEMORY_SHARE = 4;

/** The least that a machine must have for so many. */
export const memoryForIdsBytes = (messages: number): number => Math.ceil(messages / IDS_PER_BYTE) * MEMORY_SHARE;

/** Throws USAGE_CONFLICT with both numbers. */
export function checkMessageIds(messages: number, memoryBytes = readMemoryBytes()): void {
  if (messages > ID_MAX) {
    throw createError("USAGE_CONFLICT", {
      what: `${formatAmount(messages, "message")} in all rounds need as many ids, and the ${MESSAGE.idDigits} digits of an id end at ${formatCount(ID_MAX)}`,
      advice: `give at most ${formatAmount(ID_MAX, "message")}`,
    });
  }
  const neededBytes = Math.ceil(messages / IDS_PER_BYTE);
  const givenBytes = Math.floor(memoryBytes / MEMORY_SHARE);
  if (neededBytes <= givenBytes) return;
  throw createError("USAGE_CONFLICT", {
    what:
      `${formatAmount(messages, "message")} in all rounds need ${formatAmount(neededBytes, "byte")} of memory to be validated, one bit for each id, ` +
      `and a quarter of what this machine has is ${formatAmount(givenBytes, "byte")}`,
    advice: `give at most ${formatAmount(givenBytes * IDS_PER_BYTE, "message")}`,
  });
}
