/**
 * What the rounds must have put into each partition, from the numbers that the host asked for: the second source beside
 * the topic where a ledger is none, because a restarted producer read it off the topic. Pure.
 *
 * It goes through the ids one by one and asks where each belongs; the producer goes through the indexes of a partition
 * and asks which id comes next. Neither uses the other's code.
 */
import { type IdLayout, mix32, SUM_MODULUS } from "../../simulator/common/contract/message.ts";
import type { ProducerTask } from "../../simulator/common/contract/tasks.ts";

/** Sums over the first planned messages of a partition, of which there are `messages`. */
export interface PlannedShare {
  /** All that are planned. */
  planned: number;
  /** Those in the sums. */
  messages: number;
  idSum: number;
  idMix: number;
}

/** Up to `limits[p]` messages of each partition go into the sums. */
export function sumPlan(
  rounds: readonly ProducerTask[],
  layout: IdLayout,
  limits: readonly number[],
): readonly PlannedShare[] {
  const { partitions, stickyIds } = layout;
  const shares = Array.from({ length: partitions }, () => ({ planned: 0, messages: 0, idSum: 0, idMix: 0 }));
  for (const { firstId, messages } of rounds) {
    for (let id = firstId; id < firstId + messages; ) {
      const turn = Math.floor((id - 1) / stickyIds);
      const turnEnd = Math.min((turn + 1) * stickyIds + 1, firstId + messages);
      const p = turn % partitions;
      const share = shares[p] as PlannedShare;
      addIds(share, id, Math.min(turnEnd, id + (limits[p] ?? 0) - share.messages));
      share.planned += turnEnd - id;
      id = turnEnd;
    }
  }
  return shares;
}

/** The hot loop: ids from … to−1, if there are any. */
function addIds(share: PlannedShare, from: number, to: number): void {
  let { idSum, idMix } = share;
  for (let id = from; id < to; id += 1) {
    idSum += id;
    if (idSum >= SUM_MODULUS) idSum -= SUM_MODULUS;
    idMix += mix32(id);
    if (idMix >= SUM_MODULUS) idMix -= SUM_MODULUS;
  }
  share.messages += Math.max(0, to - from);
  share.idSum = idSum;
  share.idMix = idMix;
}

/** The last id that was asked for; 0 without a round. */
export const lastPlannedId = (rounds: readonly ProducerTask[]): number =>
  rounds.reduce((last, { firstId, messages }) => Math.max(last, firstId + messages - 1), 0);

export const countPlanned = (rounds: readonly ProducerTask[]): number =>
  rounds.reduce((sum, { messages }) => sum + messages, 0);
