/**
 * Looks into the log for the batches of one producer: after a restart of its process, and where a broker's memory of
 * them is not enough.
 *
 * A broker knows a producer's last five batches of a partition, and answers a repeat with its first offset. But one that
 * was killed and has recovered its log knows only the very last one: its snapshots of producers hold no more (Kafka's
 * ProducerStateManager writes one batch an entry, and LogLoader reloads from the snapshot it took after recovery). It
 * then refuses an older repeat as out of order, although the log holds it. So the log is asked.
 */
import type { FetchedRecords } from "./assigned-partition.ts";
import type { KafkaCluster } from "./cluster.ts";
import { type OffsetRange, readRanges } from "./range-read.ts";
import {
  batchBaseOffset,
  batchBaseSequence,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  findBatchEnd,
} from "./wire/record-batch.ts";

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface OwnBatch {
  readonly p: number;
  /** Not modulo 2^31, as in the batch, but as its producer counts. */
  readonly firstSequence: number;
  readonly records: number;
  readonly baseOffset: number;
}

export interface LogRange extends OffsetRange {
  /** Some sequence that is less than 2^30 away from those in the range. */
  readonly nearSequence: number;
}

const LOOK_DEADLINE_MS = 30_000;
const SEQUENCE_MODULUS = 2 ** 31;

/** The producer's batches in the ranges, one per partition, in offset order. The first may begin below its range. */
export async function findOwnBatches(
  cluster: KafkaCluster,
  topic: string,
  ranges: readonly LogRange[],
  identity: ProducerIdentity,
): Promise<OwnBatch[]> {
  const found: OwnBatch[] = [];
  await readRanges(
    { cluster, topic },
    ranges,
    (records, { nearSequence }) => found.push(...findInRecords(records, identity, nearSequence)),
    { what: `looking for the batches of producer ${identity.producerId} in ${topic}`, deadlineMs: LOOK_DEADLINE_MS },
  );
  return found;
}

export interface WantedBatch {
  readonly p: number;
  /** Offset after the last record that was acknowledged before this batch. */
  readonly acknowledged: number;
  readonly firstSequence: number;
  readonly records: number;
}

/** Whether the log holds the batch, and whether it lacks the record before it, which was acknowledged. */
export async function lookForBatch(
  cluster: KafkaCluster,
  topic: string,
  { p, acknowledged, firstSequence, records }: WantedBatch,
  identity: ProducerIdentity,
): Promise<{ readonly endOffset: number; readonly landed: OwnBatch | undefined; readonly lacks: boolean }> {
  const [endOffset = -1] = await cluster.listOffsets(topic, [p], "latest");
  if (endOffset < acknowledged) return { endOffset, landed: undefined, lacks: true };
  const [stable = -1] = await cluster.listOffsets(topic, [p], "latest", "committed");
  const range = { p, from: Math.max(0, acknowledged - 1), to: stable, nearSequence: firstSequence };
  const batches = await findOwnBatches(cluster, topic, [range], identity);
  const landed = batches.find((batch) => batch.firstSequence === firstSequence && batch.records === records);
  const isReached = batches.some((batch) => batch.firstSequence + batch.records >= firstSequence);
  return { endOffset, landed, lacks: firstSequence > 0 && range.from < stable && !isReached };
}

/** Pure. */
function findInRecords(
  records: Pick<FetchedRecords, "p" | "buffer" | "start" | "end">,
  { producerId, producerEpoch }: ProducerIdentity,
  nearSequence: number,
): OwnBatch[] {
  const { p, buffer } = records;
  const found: OwnBatch[] = [];
  for (let at = records.start; at < records.end; ) {
    const end = findBatchEnd(buffer, at, records.end);
    if (end < 0) break;
    if (batchProducerId(buffer, at) === producerId && batchProducerEpoch(buffer, at) === producerEpoch) {
      found.push({
        p,
        firstSequence: unwrapSequence(batchBaseSequence(buffer, at), nearSequence),
        records: batchRecordCount(buffer, at),
        baseOffset: batchBaseOffset(buffer, at),
      });
    }
    at = end;
  }
  return found;
}

/** Which of the sequences that are this one modulo 2^31 is near another one. */
export function unwrapSequence(sequence: number, near: number): number {
  const half = SEQUENCE_MODULUS / 2;
  const ahead = (sequence - (near % SEQUENCE_MODULUS) + SEQUENCE_MODULUS + half) % SEQUENCE_MODULUS;
  return near + ahead - half;
}
