/**
 * The report's first and last messages by ordered id, read back from Kafka during the re-read and joined with the applied
 * log. The log says which row holds an ordered id: record k of the n processed in [prev, next) has the id base + k, so
 * the k-th message in that range of offsets is looked for.
 */
import { RECORD_FIELDS } from "../../simulator/clients/kafka/wire/records.ts";
import type { ApplyRow } from "../../simulator/common/contract/files/applied-log.ts";
import type { SampleMessage } from "../../simulator/common/contract/files/report.ts";
import { readMessageId, readPayload, readStampUs } from "./message-reader.ts";

export const SAMPLES = 10;

interface WantedSample {
  readonly orderedId: number;
  readonly row: ApplyRow;
  /** Which message of the row's offsets it is, from 1. */
  readonly ordinal: number;
}

/** Finds the rows of the given ordered ids. `rows` are sorted by base, and each has n > 0. */
export function chooseSamples(rows: readonly ApplyRow[], total: number): WantedSample[] {
  const ids = new Set<number>();
  for (let id = 1; id <= Math.min(SAMPLES, total); id += 1) ids.add(id);
  for (let id = Math.max(1, total - SAMPLES + 1); id <= total; id += 1) ids.add(id);
  const wanted: WantedSample[] = [];
  for (const orderedId of ids) {
    const row = findRow(rows, orderedId);
    if (row !== undefined) wanted.push({ orderedId, row, ordinal: orderedId - row.base });
  }
  return wanted;
}

function findRow(rows: readonly ApplyRow[], orderedId: number): ApplyRow | undefined {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle] as ApplyRow;
    if (orderedId <= row.base) high = middle - 1;
    else if (orderedId > row.base + row.n) low = middle + 1;
    else return row;
  }
  return undefined;
}

/** A batch as the re-read hands it over. */
interface IndexedBatch {
  readonly view: DataView;
  readonly buffer: Buffer;
  readonly baseOffset: number;
  readonly records: number;
}

export class SampleCollector {
  readonly #byPartition = new Map<number, WantedSample[]>();
  /** Messages seen so far in each wanted row's range of offsets. */
  readonly #seen = new Map<WantedSample, number>();
  readonly #found = new Map<number, SampleMessage>();
  readonly #jobId: string;

  constructor(wanted: readonly WantedSample[], jobId: string) {
    this.#jobId = jobId;
    for (const sample of wanted) {
      const { p } = sample.row;
      this.#byPartition.set(p, [...(this.#byPartition.get(p) ?? []), sample]);
      this.#seen.set(sample, 0);
    }
  }

  /** Looks at the records of offsets from … to−1, if a wanted one may be among them. */
  collect(p: number, batch: IndexedBatch, index: Int32Array, from: number, to: number): void {
    for (const sample of this.#byPartition.get(p) ?? []) {
      if (sample.row.prev < to && sample.row.next > from) this.#search(sample, batch, index, from, to);
    }
  }

  #search(sample: WantedSample, batch: IndexedBatch, index: Int32Array, from: number, to: number): void {
    const { row, ordinal } = sample;
    let seen = this.#seen.get(sample) ?? 0;
    for (let slot = 0; slot < batch.records * RECORD_FIELDS && seen < ordinal; slot += RECORD_FIELDS) {
      const offset = batch.baseOffset + (index[slot] as number);
      if (offset < from || offset >= to || offset < row.prev || offset >= row.next) continue;
      const [at, size] = [index[slot + 3] as number, index[slot + 4] as number];
      if (typeof readMessageId(batch.buffer, batch.view, at, size) !== "number") continue;
      seen += 1;
      if (seen === ordinal) this.#keep(sample, batch, offset, at, size);
    }
    this.#seen.set(sample, seen);
  }

  #keep(sample: WantedSample, batch: IndexedBatch, offset: number, at: number, size: number): void {
    const stampUs = readStampUs(batch.buffer, batch.view, at, size);
    this.#found.set(sample.orderedId, {
      redis_ordered_id: sample.orderedId,
      // Messages of another form carry no stamp of ours; the time of their effect takes its place.
      timestamp: new Date((stampUs ?? sample.row.appliedAtUs) / 1000).toISOString(),
      job_id: this.#jobId,
      task_id: sample.row.tm,
      kafka_partition: sample.row.p,
      kafka_offset: offset,
      processing_stage: "source->map->sink",
      payload: readPayload(batch.buffer, batch.view, at, size),
    });
  }

  /** What was found, by ordered id. A missing one shows elsewhere: as a hole in the ordered ids, or a wrong count. */
  toReport(total: number): { first: SampleMessage[]; last: SampleMessage[] } {
    const sorted = [...this.#found.values()].sort((a, b) => a.redis_ordered_id - b.redis_ordered_id);
    return {
      first: sorted.filter((sample) => sample.redis_ordered_id <= SAMPLES),
      last: sorted.filter((sample) => sample.redis_ordered_id > total - SAMPLES),
    };
  }
}
