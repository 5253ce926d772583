/**
 * A prebuilt record batch that is patched for each send: ids, stamps and payload ids in their fixed places, then the
 * header, then the checksum. A record costs a few word stores and no object.
 *
 * All values have the same size, so record i lies at the same place in every batch, and a batch with fewer records is a
 * prefix of the full one.
 *
 * T1 `fill` writes every byte that differs between batches: nothing of the batch before is left in what it returns.
 * T2 The bytes that `fill` returned are not touched until the next `fill` of the same template.
 */

import { BATCH, LENGTH_OVERHEAD, patchBatchHeader, sealBatch } from "../simulator/clients/kafka/wire/record-batch.ts";
import { encodeRecordBatch, indexRecords, RECORD_FIELDS } from "../simulator/clients/kafka/wire/records.ts";
import { formatMessage, MESSAGE } from "../simulator/common/contract/message.ts";
import { assert } from "../simulator/common/foundation/assert.ts";

const SEQUENCE_MODULUS = 2 ** 31;
const GROUP = 10_000;

/** Four decimal digits as one little-endian word, for every number below 10,000. */
const digitWords = Uint32Array.from({ length: GROUP }, (_, value) =>
  Buffer.from(String(value).padStart(4, "0"), "latin1").readUInt32LE(0),
);

export interface BatchContent {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Index of the first record in its partition: its sequence. */
  readonly firstIndex: number;
  readonly records: number;
  readonly firstId: number;
  /** From one record's id to the next one's. */
  readonly idStep: number;
  /** Stamp of the first record in µs of run time, and how much later (in µs, may be a fraction) each next one is. */
  readonly tsUs: number;
  readonly tsStepUs: number;
}

export class BatchTemplate {
  private readonly buffer: Buffer;
  private readonly view: DataView;
  /** By record: where its value begins; one entry more, the end of the last record, closes the list. */
  private readonly valueAt: Int32Array;
  private readonly recordEnd: Int32Array;
  private readonly payloadIdDigits: number;

  constructor(messageSize: number, recordsMax: number) {
    assert(messageSize >= MESSAGE.sizeMin && messageSize <= MESSAGE.sizeMax, `a message of ${messageSize} bytes`);
    assert(recordsMax >= 1, "a batch has at least one record");
    // With zeros for its id and stamp.
    const value = Buffer.from(formatMessage(0, 0, messageSize), "latin1");
    const records = Array.from({ length: recordsMax }, () => ({ value }));
    this.buffer = encodeRecordBatch({ records, timestampMs: 0, producerId: 0, producerEpoch: 0, baseSequence: 0 });
    this.view = new DataView(this.buffer.buffer, this.buffer.byteOffset, this.buffer.length);
    const index = new Int32Array(recordsMax * RECORD_FIELDS);
    indexRecords(this.buffer, 0, this.buffer.length, index);
    this.valueAt = Int32Array.from({ length: recordsMax }, (_, i) => index[i * RECORD_FIELDS + 3] as number);
    // One byte follows the value: the number of headers, zero.
    this.recordEnd = this.valueAt.map((at) => at + messageSize + 1);
    const payloadRoom = messageSize - MESSAGE.payloadAt - MESSAGE.suffix.length - MESSAGE.payloadStem.length;
    this.payloadIdDigits = Math.min(MESSAGE.idDigits, payloadRoom);
  }

  /** Writes the batch and returns its bytes, a view of the template's own memory (T2). */
  fill(content: BatchContent): Buffer {
    const { records } = content;
    assert(records >= 1 && records <= this.valueAt.length, `${records} records fit the template`);
    this.fillValues(content);
    const end = this.recordEnd[records - 1] as number;
    const { buffer } = this;
    buffer.writeInt32BE(end - LENGTH_OVERHEAD, BATCH.length);
    buffer.writeInt32BE(records - 1, BATCH.lastOffsetDelta);
    buffer.writeInt32BE(records, BATCH.recordCount);
    const timestamp = Math.floor(content.tsUs / 1000);
    patchBatchHeader(buffer, 0, {
      producerId: content.producerId,
      producerEpoch: content.producerEpoch,
      baseSequence: content.firstIndex % SEQUENCE_MODULUS,
      baseTimestamp: timestamp,
      maxTimestamp: timestamp,
    });
    sealBatch(buffer, 0, end);
    return buffer.subarray(0, end);
  }

  private fillValues(content: BatchContent): void {
    const { view, valueAt, payloadIdDigits } = this;
    const { records, idStep, tsStepUs } = content;
    const payloadIdAt = MESSAGE.payloadAt + MESSAGE.payloadStem.length;
    let id = content.firstId;
    let ts = content.tsUs;
    for (let i = 0; i < records; i += 1) {
      const at = valueAt[i] as number;
      // Ids below 2^31 are split by integer division only; a double's division would cost as much as all the stores.
      const high = id < 100_000_000 ? 0 : Math.floor(id / 100_000_000);
      const low = (id - high * 100_000_000) | 0;
      const middle = (low / GROUP) | 0;
      const word0 = digitWords[high] as number;
      const word1 = digitWords[middle] as number;
      const word2 = digitWords[low - middle * GROUP] as number;
      view.setUint32(at + MESSAGE.idAt, word0, true);
      view.setUint32(at + MESSAGE.idAt + 4, word1, true);
      view.setUint32(at + MESSAGE.idAt + 8, word2, true);
      if (i === 0 || tsStepUs !== 0) this.writeStamp(at + MESSAGE.tsAt, Math.floor(ts));
      else this.copyStamp(at + MESSAGE.tsAt);
      if (payloadIdDigits === MESSAGE.idDigits) {
        view.setUint32(at + payloadIdAt, word0, true);
        view.setUint32(at + payloadIdAt + 4, word1, true);
        view.setUint32(at + payloadIdAt + 8, word2, true);
      } else {
        this.copyIdDigits(at + MESSAGE.idAt, at + payloadIdAt);
      }
      id += idStep;
      ts += tsStepUs;
    }
  }

  /** 16 digits, in four words. */
  private writeStamp(at: number, tsUs: number): void {
    const high = Math.floor(tsUs / 100_000_000);
    const low = tsUs - high * 100_000_000;
    this.view.setUint32(at, digitWords[Math.floor(high / GROUP)] as number, true);
    this.view.setUint32(at + 4, digitWords[high % GROUP] as number, true);
    this.view.setUint32(at + 8, digitWords[Math.floor(low / GROUP)] as number, true);
    this.view.setUint32(at + 12, digitWords[low % GROUP] as number, true);
  }

  /** The first record's stamp again. */
  private copyStamp(at: number): void {
    const from = (this.valueAt[0] as number) + MESSAGE.tsAt;
    for (let i = 0; i < MESSAGE.tsDigits; i += 4) {
      this.view.setUint32(at + i, this.view.getUint32(from + i, true), true);
    }
  }

  /** For small messages, whose payload has room for only the first digits. */
  private copyIdDigits(from: number, to: number): void {
    for (let i = 0; i < this.payloadIdDigits; i += 1) this.buffer[to + i] = this.buffer[from + i] as number;
  }
}
