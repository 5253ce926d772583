/**
 * What the rounds must have put into each partition, from the numbers that the host asked for: the second source beside
 * the topic where a ledger is none, because a restarted producer read it off the topic. Pure.
 *
 * It goes through the ids one by one and asks where each belongs; the producer goes through the indexes of a partition
 * and asks which id comes next. Neither uses the other's code.
 */

import type { RoundTask } from "../../simulator/common/contract/child/tasks.ts";
import { type IdLayout, mix32, SUM_MODULUS } from "../../simulator/common/contract/message.ts";

/** Sums over the first planned messages of a partition, of which there are `messages`. */
export interface PlannedShare {
  /** All that are planned. */
  planned: number;
  /** Those in the sums. */
  messages: number;
  idSum: number;
  idMix: number;
}

/** Up to `limits[p]` messages of each partition go into the sums; without a limit none. */
export function sumPlan(
  rounds: readonly RoundTask[],
  layout: IdLayout,
  limits: readonly number[],
): readonly PlannedShare[] {
  return Array.from({ length: layout.partitions }, (_, p) => {
    const share: PlannedShare = { planned: 0, messages: 0, idSum: 0, idMix: 0 };
    for (const round of rounds) addRound(share, round, { ...layout, p, limit: limits[p] ?? 0 });
    return share;
  });
}

/**
 * Id i has turn floor((i − 1) / stickyIds), and turn t goes to partition t mod partitions. The hot loop of the plan: it
 * goes through all ids of the partition.
 */
function addRound(
  share: PlannedShare,
  { firstId, messages: asked }: RoundTask,
  { p, limit, partitions, stickyIds }: IdLayout & { readonly p: number; readonly limit: number },
): void {
  const endId = firstId + asked;
  const firstTurn = Math.floor((firstId - 1) / stickyIds);
  const turn = firstTurn + ((p - (firstTurn % partitions) + partitions) % partitions);
  let { planned, messages, idSum, idMix } = share;
  for (let start = turn * stickyIds + 1; start < endId; start += partitions * stickyIds) {
    const from = Math.max(start, firstId);
    const to = Math.min(start + stickyIds, endId);
    planned += to - from;
    const sumEnd = Math.min(to, from + limit - messages);
    for (let id = from; id < sumEnd; id += 1) {
      messages += 1;
      idSum += id;
      if (idSum >= SUM_MODULUS) idSum -= SUM_MODULUS;
      idMix += mix32(id);
      if (idMix >= SUM_MODULUS) idMix -= SUM_MODULUS;
    }
  }
  share.planned = planned;
  share.messages = messages;
  share.idSum = idSum;
  share.idMix = idMix;
}

/** The last id that was asked for; 0 without a round. */
export const lastPlannedId = (rounds: readonly RoundTask[]): number =>
  rounds.reduce((last, { firstId, messages }) => Math.max(last, firstId + messages - 1), 0);

export const countPlanned = (rounds: readonly RoundTask[]): number =>
  rounds.reduce((sum, { messages }) => sum + messages, 0);
