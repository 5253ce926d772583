/**
 * Reads a topic of made-up messages from its beginning, through the fetcher and the decoder of a TaskManager.
 *
 *   made → reading → ended: by the last message, by a stop, or by an error
 *
 * Q1 Nobody else writes the topic, so whatever in it is no message is an error.
 * Q2 The time is bounded by the stop of whoever started it; how long Kafka may stay away, by the reader of partitions.
 */
import type { KafkaCluster } from "../../clients/kafka/cluster.ts";
import { PartitionReader } from "../../clients/kafka/consumer.ts";
import { createError } from "../../common/foundation/errors.ts";
import { createOperatorChain } from "../operators/registry.ts";
import { type RecordColumns, RecordSetDecoder } from "../source/record-set-decoder.ts";

export interface ScratchReaderOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly partitions: number;
  /** After so many it ends. */
  readonly messages: number;
}

export class ScratchReader {
  messagesRead = 0;
  readonly #options: ScratchReaderOptions;
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: ScratchReaderOptions) {
    this.#options = options;
  }

  /** Once. Settles when it has read all, or when it is to stop; throws what it cannot read. */
  async read(stopping: AbortSignal): Promise<void> {
    const { cluster, topic, partitions } = this.#options;
    const { promise, resolve, reject } = this.#ended;
    const decoder = this.#createDecoder();
    const output = { add: (records: RecordColumns) => this.#count(records) };
    const reader = new PartitionReader({
      cluster,
      topic,
      onRecords: (fetched) => decoder.decode(fetched, output),
      onError: (_, error) => reject(error),
    });
    const stop = () => resolve();
    stopping.addEventListener("abort", stop, { once: true });
    if (stopping.aborted) stop();
    for (let p = 0; p < partitions; p += 1) reader.assign(p, 0);
    try {
      await promise;
    } finally {
      stopping.removeEventListener("abort", stop);
      await reader.close();
    }
  }

  #count({ count }: RecordColumns): void {
    this.messagesRead += count;
    if (this.messagesRead >= this.#options.messages) this.#ended.resolve();
  }

  /** Q1. */
  #createDecoder(): RecordSetDecoder {
    const { topic } = this.#options;
    return new RecordSetDecoder({
      topic,
      operate: createOperatorChain([]),
      onRejected(p, offset, reason) {
        throw createError("KAFKA_BATCH_CORRUPT", { topic, p, offset, what: `a record that is no message (${reason})` });
      },
    });
  }
}
