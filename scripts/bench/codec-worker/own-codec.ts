/**
 * The project's own codec, as it runs: the producer's batch template, the TaskManager's decoder and the validator's
 * tally, and the steps that they consist of. The one file of `scripts` that imports producer and runtime: a copy of them
 * made for measuring would measure the copy. The linter has this exception by name.
 */
import { BatchTemplate } from "../../../producer/batch-template.ts";
import { verifyBatchCrc } from "../../../simulator/clients/kafka/wire/record-batch.ts";
import { indexRecords, RECORD_FIELDS } from "../../../simulator/clients/kafka/wire/records.ts";
import { RecordSetDecoder } from "../../../simulator/runtime/source/record-set-decoder.ts";
import { IdBitmap } from "../../validate/id-bitmap.ts";
import { SampleCollector } from "../../validate/samples.ts";
import { createPartitionTally, TopicTally } from "../../validate/topic-tally.ts";
import type { BatchWork } from "./timing.ts";

const TS_US = 1_795_360_719_696_123;

const contentOf = (records: number) => ({
  producerId: 1,
  producerEpoch: 0,
  firstIndex: 0,
  records,
  firstId: 1,
  idStep: 20,
  tsUs: TS_US,
  tsStepUs: 0,
});

/** A batch as the producer sends it: every codec here reads these bytes. */
export function createBatch(records: number, messageSize: number): Buffer {
  return Buffer.from(new BatchTemplate(messageSize, records).fill(contentOf(records)));
}

/** Named by the figure that they give. */
export function createOwnWorks(
  batch: Buffer,
  records: number,
  messageSize: number,
): Readonly<Record<string, BatchWork>> {
  const template = new BatchTemplate(messageSize, records);
  const content = contentOf(records);
  const index = new Int32Array(records * RECORD_FIELDS);
  const decoder = new RecordSetDecoder({
    topic: "bench",
    operate: (columns) => columns,
    onRejected: (_p, offset) => {
      throw new Error(`the record at ${offset} was rejected`);
    },
  });
  const fetched = {
    p: 0,
    buffer: batch,
    start: 0,
    end: batch.length,
    fetchOffset: 0,
    nextOffset: records,
    lastStableOffset: records,
    highWatermark: records,
    abortedTransactions: [],
  };
  const output = { add: ({ count }: { readonly count: number }) => expectCount(count, records) };
  const tally = new TopicTally({
    topic: "bench",
    bitmap: new IdBitmap(records * content.idStep),
    samples: new SampleCollector([], "bench"),
    producerId: content.producerId,
  });
  return {
    encodeNs: () => void template.fill(content),
    crcNs: () => expectCount(verifyBatchCrc(batch, 0, batch.length) ? records : 0, records),
    parseNs: () => expectCount(indexRecords(batch, 0, batch.length, index), records),
    decodeNs: () => decoder.decode(fetched, output),
    validateNs() {
      const partition = createPartitionTally({ p: 0, start: 0, end: records, cut: records });
      tally.add(partition, fetched);
      expectCount(partition.below.messages, records);
    },
  };
}

/** A codec that found less would be fast for a bad reason. */
function expectCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} of ${expected} records were found`);
}
