/** Both readers, which share no code but the codecs, on bytes that a real Kafka stored for other clients. */
import { describe, expect, it } from "vitest";
import { SampleCollector } from "../../../scripts/validate/samples.ts";
import { createPartitionTally, TopicTally } from "../../../scripts/validate/topic-tally.ts";
import type { AbortedTransaction } from "../../../simulator/clients/kafka/wire/aborted-transactions.ts";
import { batchCompression, batchProducerId } from "../../../simulator/clients/kafka/wire/record-batch.ts";
import { RecordSetDecoder } from "../../../simulator/runtime/source/record-set-decoder.ts";
import { fetchedOf } from "../../support/record-sets.ts";
import { RECORDED } from "../../support/recorded-batches.ts";

function readBoth(bytes: Buffer, end: number, abortedTransactions: readonly AbortedTransaction[] = []) {
  const fetched = fetchedOf(bytes, 0, { lead: 3, abortedTransactions });
  const ids: number[] = [];
  const sink = { skipped: 0, rejected: 0 };
  const decoder = new RecordSetDecoder({ topic: "t", operate: (columns) => columns, onRejected: () => undefined });
  decoder.decode(fetched, {
    add(columns) {
      ids.push(...columns.ids.subarray(0, columns.count));
      sink.skipped += columns.skipped;
      sink.rejected += columns.rejected;
    },
  });
  const samples = new SampleCollector([], "job");
  const partition = createPartitionTally({ p: 0, start: 0, end, cut: end });
  new TopicTally({ topic: "t", bitmap: null, samples, producerId: null }).add(partition, fetched);
  const { messages, rejected, skipped, idSum } = partition.below;
  expect({ messages, rejected, skipped, idSum }).toEqual({
    ...sink,
    messages: ids.length,
    idSum: ids.reduce((sum, id) => sum + id, 0),
  });
  return { ids, ...sink };
}

describe.each(["librdkafka", "java"] as const)("batches of %s", (client) => {
  it.each(["none", "gzip", "snappy", "lz4", "zstd"] as const)("are read in %s", (codec) => {
    const bytes = RECORDED[`${client}-${codec}`];
    expect(batchCompression(bytes, 0)).toBe(["none", "gzip", "snappy", "lz4", "zstd"].indexOf(codec));
    expect(readBoth(bytes, 5)).toEqual({ ids: [1, 2, 3, 4, 5], skipped: 0, rejected: 0 });
  });
});

describe("transactions", () => {
  const bytes = RECORDED.transactions;

  it("are read without what was aborted, and without markers", () => {
    const aborted = [{ producerId: batchProducerId(bytes, 0), firstOffset: 0 }];
    expect(readBoth(bytes, 6, aborted)).toEqual({ ids: [11, 12], skipped: 4, rejected: 0 });
  });

  it("are read whole where the answer lists none as aborted", () => {
    expect(readBoth(bytes, 6)).toEqual({ ids: [1, 2, 11, 12], skipped: 2, rejected: 0 });
  });
});
