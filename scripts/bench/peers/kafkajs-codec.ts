/** The record codec of kafkajs, as its consumer and producer use it. It checks no checksum when it reads. */
import { createRequire } from "node:module";
import type { BatchWork } from "../codec-worker/timing.ts";

interface Decoder {
  readInt64(): unknown;
}

/** Internal modules of kafkajs 2: it exports no codec. */
interface KafkajsModules {
  readonly Decoder: new (buffer: Buffer) => Decoder;
  readonly decodeBatch: (decoder: Decoder) => Promise<{ readonly records: readonly { readonly value: Buffer }[] }>;
  readonly encodeRecord: (record: { offsetDelta: number; timestampDelta: number; key: null; value: Buffer }) => unknown;
  readonly encodeBatch: (batch: Readonly<Record<string, unknown>>) => Promise<{ readonly buffer: Buffer }>;
}

function loadModules(): KafkajsModules {
  const require = createRequire(import.meta.url);
  const protocol = "kafkajs/src/protocol";
  return {
    Decoder: require(`${protocol}/decoder.js`) as KafkajsModules["Decoder"],
    decodeBatch: require(`${protocol}/recordBatch/v0/decoder.js`) as KafkajsModules["decodeBatch"],
    encodeRecord: require(`${protocol}/recordBatch/record/v0/index.js`) as KafkajsModules["encodeRecord"],
    encodeBatch: (require(`${protocol}/recordBatch/v0/index.js`) as { RecordBatch: KafkajsModules["encodeBatch"] })
      .RecordBatch,
  };
}

export async function createKafkajsWorks(batch: Buffer): Promise<Readonly<Record<string, BatchWork>>> {
  const { Decoder: KafkajsDecoder, decodeBatch, encodeRecord, encodeBatch } = loadModules();
  const { records } = await decodeBatch(new KafkajsDecoder(batch));
  const values = records.map(({ value }) => Buffer.from(value));
  return {
    async encodeNs() {
      const encoded = values.map((value, offsetDelta) =>
        encodeRecord({ offsetDelta, timestampDelta: 0, key: null, value }),
      );
      const { buffer } = await encodeBatch({ lastOffsetDelta: values.length - 1, records: encoded });
      if (buffer.length < batch.length / 2) throw new Error(`kafkajs encoded ${buffer.length} bytes`);
    },
    async decodeNs() {
      const found = (await decodeBatch(new KafkajsDecoder(batch))).records.length;
      if (found !== values.length) throw new Error(`kafkajs found ${found} of ${values.length} records`);
    },
  };
}
