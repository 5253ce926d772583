/** Produce (0): appends record batches. */
import type { Api } from "../frame.ts";
import type { ByteRange, Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";
import { decodeTopicName, encodeTopicName } from "./topic-reference.ts";

/** The first version that names topics by their ids. */
const TOPIC_ID_VERSION = 13;

/** To encode, records are buffers, written without a copy; decoded, they are a range of the frame. */
export interface ProduceRequest<Records> {
  readonly transactionalId: string | null;
  /** 0 no answer, 1 the leader, -1 all in-sync replicas. */
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topics: readonly {
    /** "" from v13 on, which has the id in its place. */
    readonly name: string;
    readonly topicId?: string | undefined;
    readonly partitions: readonly { readonly p: number; readonly records: Records }[];
  }[];
}

export interface ProduceResponse {
  readonly topics: readonly {
    readonly name: string;
    readonly topicId?: string | undefined;
    readonly partitions: readonly ProducedPartition[];
  }[];
  readonly throttleTimeMs: number;
}

export interface ProducedPartition {
  readonly p: number;
  readonly errorCode: number;
  /** -1 with an error. */
  readonly baseOffset: number;
  /** -1 unless the topic stamps records itself. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** From v8 on: why, in words. */
  readonly errorMessage: string | null;
}

export const produceApi: Api<
  ProduceRequest<readonly Buffer[]>,
  ProduceResponse,
  ProduceRequest<ByteRange | undefined>,
  ProduceResponse
> = {
  key: 0,
  name: "Produce",
  minVersion: 3,
  maxVersion: 13,
  flexibleFrom: 9,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/**
 * Produce Request v3-13 => transactional_id:nullable_string acks:int16 timeout_ms:int32 [topic]
 *   topic => (v3-12 name:string) (v13+ topic_id:uuid) [p:int32 records:nullable_bytes]
 *
 * From v9 on flexible; what v10 to v12 add is said in tagged fields and in what errors mean.
 */
function encodeRequest(w: Writer, version: number, request: ProduceRequest<readonly Buffer[]>): void {
  w.nullableString(request.transactionalId);
  w.int16(request.acks);
  w.int32(request.timeoutMs);
  w.array(request.topics, (topic) => {
    encodeTopicName(w, topic, version >= TOPIC_ID_VERSION);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.referenceBytes(partition.records);
      w.endStruct();
    });
    w.endStruct();
  });
  w.endStruct();
}

function decodeRequest(r: Reader, version: number): ProduceRequest<ByteRange | undefined> {
  const request = {
    transactionalId: r.nullableString(),
    acks: r.int16(),
    timeoutMs: r.int32(),
    topics: r.array(() => {
      const topic = {
        ...decodeTopicName(r, version >= TOPIC_ID_VERSION),
        partitions: r.array(() => decodeRequestPartition(r)),
      };
      r.endStruct();
      return topic;
    }),
  };
  r.endStruct();
  return request;
}

function decodeRequestPartition(r: Reader): { p: number; records: ByteRange | undefined } {
  const partition = { p: r.int32(), records: r.nullableBytes() };
  r.endStruct();
  return partition;
}

/**
 * Produce Response v3-13 => [topic] throttle_time_ms:int32
 *   topic => (v3-12 name:string) (v13+ topic_id:uuid) [partition]
 *   partition => p:int32 error_code:int16 base_offset:int64 log_append_time_ms:int64 (v5+ log_start_offset:int64)
 *                (v8+ [batch_index:int32 message:nullable_string] error_message:nullable_string)
 */
function encodeResponse(w: Writer, version: number, response: ProduceResponse): void {
  w.array(response.topics, (topic) => {
    encodeTopicName(w, topic, version >= TOPIC_ID_VERSION);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int16(partition.errorCode);
      w.int64(partition.baseOffset);
      w.int64(partition.logAppendTimeMs);
      if (version >= 5) w.int64(partition.logStartOffset);
      if (version >= 8) {
        // No errors of single records: a batch is accepted or refused as a whole.
        w.array([], () => undefined);
        w.nullableString(partition.errorMessage);
      }
      w.endStruct();
    });
    w.endStruct();
  });
  w.int32(response.throttleTimeMs);
  w.endStruct();
}

function decodeResponse(r: Reader, version: number): ProduceResponse {
  const topics = r.array(() => {
    const topic = {
      ...decodeTopicName(r, version >= TOPIC_ID_VERSION),
      partitions: r.array(() => decodePartition(r, version)),
    };
    r.endStruct();
    return topic;
  });
  const throttleTimeMs = r.int32();
  r.endStruct();
  return { topics, throttleTimeMs };
}

function decodePartition(r: Reader, version: number): ProducedPartition {
  const p = r.int32();
  const errorCode = r.int16();
  const baseOffset = r.int64();
  const logAppendTimeMs = r.int64();
  const logStartOffset = version >= 5 ? r.int64() : -1;
  if (version < 8) return { p, errorCode, baseOffset, logAppendTimeMs, logStartOffset, errorMessage: null };
  const recordErrors = r.array(() => {
    const recordError = { batchIndex: r.int32(), message: r.nullableString() };
    r.endStruct();
    return recordError;
  });
  const errorMessage = r.nullableString() ?? recordErrors[0]?.message ?? null;
  r.endStruct();
  return { p, errorCode, baseOffset, logAppendTimeMs, logStartOffset, errorMessage };
}
