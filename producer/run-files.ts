/**
 * The producer's two files in the run's folder: `producer.json` (who writes) and `ledger-<round>.json` (what was
 * acknowledged). A restarted producer goes on from them, so it believes them only when they are of this run and agree
 * with themselves; a file that it does not believe it leaves as it is. One of another form is FILE_MALFORMED, and one of
 * that form that cannot be of this run RUN_FILE_INVALID.
 */

import type { RoundTask } from "../simulator/common/contract/child/tasks.ts";
import {
  type Ledger,
  type ProducerIdentity,
  readLedger,
  readProducerIdentity,
} from "../simulator/common/contract/files/ledger.ts";
import type { IdLayout } from "../simulator/common/contract/message.ts";
import { createError } from "../simulator/common/foundation/errors.ts";
import { readJson } from "../simulator/common/foundation/json-file.ts";
import { type PartitionShare, splitRound } from "./load-profile.ts";

/** Undefined: the topic has had no producer yet. */
export async function readIdentity(path: string, topic: string): Promise<ProducerIdentity | undefined> {
  const identity = await readJson(path, readProducerIdentity);
  if (identity === undefined) return undefined;
  if (identity.topic !== topic) refuse(path, `it is of topic ${identity.topic}, and this run has ${topic}`);
  return identity;
}

export interface ExpectedLedger {
  readonly path: string;
  readonly round: number;
  readonly producer: ProducerIdentity;
  readonly shares: readonly PartitionShare[];
}

/** Undefined: the round has not begun. */
export async function readRoundLedger(expected: ExpectedLedger): Promise<Ledger | undefined> {
  const ledger = await readJson(expected.path, readLedger);
  if (ledger === undefined) return undefined;
  const problem = findLedgerProblem(ledger, expected);
  if (problem !== undefined) refuse(expected.path, problem);
  return ledger;
}

/** The ledger of the round before: complete, or there would be no further one. */
export async function readEarlierLedger(next: {
  readonly path: string;
  readonly task: RoundTask;
  readonly producer: ProducerIdentity;
  readonly layout: IdLayout;
}): Promise<Ledger> {
  const { path, task, producer, layout } = next;
  const ledger = await readJson(path, readLedger);
  if (ledger === undefined) return refuse(path, "it does not exist");
  const { outcome, firstId, messages } = ledger;
  if (outcome !== "finished" || firstId + messages !== task.firstId) {
    const end = firstId + messages - 1;
    refuse(path, `it is "${outcome}" up to message ${end}, and round ${task.round} begins at message ${task.firstId}`);
  }
  const round = task.round - 1;
  const problem = findLedgerProblem(ledger, { path, round, producer, shares: splitRound(ledger, layout) });
  if (problem !== undefined) refuse(path, problem);
  return ledger;
}

/** Why this ledger is not one of this producer's in this round; undefined when it is. Pure. */
export function findLedgerProblem(ledger: Ledger, { round, producer, shares }: ExpectedLedger): string | undefined {
  const told = [ledger.schema, ledger.round, ledger.topic, ledger.producerId, ledger.producerEpoch].join(", ");
  const due = [1, round, producer.topic, producer.producerId, producer.producerEpoch].join(", ");
  if (told !== due)
    return `its schema, round, topic, producer id and epoch are ${told}, and this producer's are ${due}`;
  if (!Array.isArray(ledger.partitions) || ledger.partitions.length !== shares.length) {
    return `it does not have the ${shares.length} partitions of the topic`;
  }
  let sum = 0;
  for (const { p, firstIndex, endIndex } of shares) {
    const partition = ledger.partitions[p];
    if (partition?.p !== p || partition.firstIndex !== firstIndex)
      return `partition ${p} does not begin at ${firstIndex}`;
    const { acknowledged, resumed, nextOffset, shift, idSum, idMix } = partition;
    if (![acknowledged, resumed, nextOffset, idSum, idMix].every(isCount) || !Number.isSafeInteger(shift)) {
      return `a number of partition ${p} is missing or no whole number`;
    }
    if (acknowledged > endIndex - firstIndex || resumed > acknowledged) {
      return `${acknowledged} records of partition ${p}, ${resumed} of them resumed, are more than there were to send`;
    }
    sum += acknowledged;
  }
  return sum === ledger.acknowledged
    ? undefined
    : `its partitions sum to ${sum}, and its total is ${ledger.acknowledged}`;
}

function refuse(path: string, reason: string): never {
  throw createError("RUN_FILE_INVALID", { path, reason });
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
