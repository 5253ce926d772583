/**
 * Which records a round has, partition by partition, and when each is due. Pure.
 *
 * L1 Ids firstId … firstId+messages−1 are split exactly: index k of partition p has the id `idOfIndex(p, k, layout)`, and a
 *    partition may have no message at all.
 * L2 With a rate the schedule is open: record i of the round is due at start + i/rate, however late the sends are. Its
 *    stamp is that time, so waiting in our own queue counts as latency.
 */

import type { RoundTask } from "../simulator/common/contract/child/tasks.ts";
import {
  type IdLayout,
  idOfIndex,
  messagesInPartition,
  mix32,
  SUM_MODULUS,
} from "../simulator/common/contract/message.ts";
import { createError } from "../simulator/common/foundation/errors.ts";

const MICROSECONDS = 1_000_000;

/** A partition's part of a round: indexes firstIndex … endIndex−1. */
export interface PartitionShare {
  readonly p: number;
  readonly firstIndex: number;
  readonly endIndex: number;
}

/** Throws USAGE_OPTION_INVALID for a round without messages: it could prove nothing. */
export function splitRound(task: RoundTask, layout: IdLayout): PartitionShare[] {
  if (!Number.isSafeInteger(task.messages) || task.messages < 1) {
    const expected = "a whole number of at least 1 for a producer's round";
    throw createError("USAGE_OPTION_INVALID", { option: "--messages", value: String(task.messages), expected });
  }
  return Array.from({ length: layout.partitions }, (_, p) => ({
    p,
    firstIndex: messagesInPartition(p, task.firstId - 1, layout),
    endIndex: messagesInPartition(p, task.firstId + task.messages - 1, layout),
  }));
}

/** Σ id and Σ mix32(id), both mod 2^48, of indexes from … to−1. */
export function sumIds(
  p: number,
  from: number,
  to: number,
  layout: IdLayout,
): { readonly idSum: number; readonly idMix: number } {
  let idSum = 0;
  let idMix = 0;
  const { stickyIds, partitions } = layout;
  const toNextTurn = (partitions - 1) * stickyIds;
  let id = idOfIndex(p, from, layout);
  let leftInTurn = stickyIds - (from % stickyIds);
  for (let index = from; index < to; index += 1) {
    idSum += id;
    if (idSum >= SUM_MODULUS) idSum -= SUM_MODULUS;
    idMix += mix32(id);
    if (idMix >= SUM_MODULUS) idMix -= SUM_MODULUS;
    id += 1;
    leftInTurn -= 1;
    if (leftInTurn === 0) {
      id += toNextTurn;
      leftInTurn = stickyIds;
    }
  }
  return { idSum, idMix };
}

/** When records are due. `startUs` is the round's first send. */
export interface Schedule {
  readonly firstId: number;
  readonly ratePerSecond: number;
  readonly startUs: number;
}

/** The intended send time of an id, in µs of run time. */
export function dueAtUs(schedule: Schedule, id: number): number {
  return schedule.startUs + ((id - schedule.firstId) * MICROSECONDS) / schedule.ratePerSecond;
}

/** µs between two consecutive ids. */
export const stepUs = ({ ratePerSecond }: Schedule): number => MICROSECONDS / ratePerSecond;

/** The largest id that is due now. */
export function lastIdDue(schedule: Schedule, nowUs: number): number {
  if (nowUs < schedule.startUs) return schedule.firstId - 1;
  return schedule.firstId + Math.floor(((nowUs - schedule.startUs) * schedule.ratePerSecond) / MICROSECONDS);
}
