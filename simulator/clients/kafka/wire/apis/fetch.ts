/** Fetch (1): reads record batches. Sessions are not used: session_id 0 and session_epoch -1 ask for everything. */
import type { AbortedTransaction } from "../aborted-transactions.ts";
import type { Api } from "../frame.ts";
import type { ByteRange, Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";
import { decodeTopicName, encodeTopicName } from "./topic-reference.ts";

/** The first version that names topics by their ids. */
export const TOPIC_ID_VERSION = 13;
/** Later versions say who the replica is in a tagged field. */
const REPLICA_ID_VERSION_MAX = 14;

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 0 read uncommitted, 1 read committed. */
  readonly isolationLevel: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly {
    /** "" from v13 on, which has the id in its place. */
    readonly name: string;
    readonly topicId?: string | undefined;
    readonly partitions: readonly FetchPartition[];
  }[];
}

export interface FetchPartition {
  readonly p: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly maxBytes: number;
}

/** To encode, records are stored batches, written without a copy; decoded, they are a range of the frame. */
export interface FetchResponse<Records> {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly topics: readonly {
    readonly name: string;
    readonly topicId?: string | undefined;
    readonly partitions: readonly FetchedPartition<Records>[];
  }[];
}

export interface FetchedPartition<Records> {
  readonly p: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly records: Records;
}

export const fetchApi: Api<
  FetchRequest,
  FetchResponse<readonly Buffer[]>,
  FetchRequest,
  FetchResponse<ByteRange | undefined>
> = {
  key: 1,
  name: "Fetch",
  minVersion: 4,
  maxVersion: 18,
  flexibleFrom: 12,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/**
 * Fetch Request v4-18 => (v4-14 replica_id:int32) max_wait_ms:int32 min_bytes:int32 max_bytes:int32
 *                        isolation_level:int8 (v7+ session_id:int32 session_epoch:int32) [topic] (v7+ [forgotten])
 *                        (v11+ rack_id:string)
 *   topic => (v4-12 name:string) (v13+ topic_id:uuid) [partition]
 *   partition => p:int32 (v9+ current_leader_epoch:int32) fetch_offset:int64 (v12+ last_fetched_epoch:int32)
 *                (v5+ log_start_offset:int64) max_bytes:int32
 *   forgotten => (v7-12 name:string) (v13+ topic_id:uuid) [p:int32]
 */
function encodeRequest(w: Writer, version: number, request: FetchRequest): void {
  if (version <= REPLICA_ID_VERSION_MAX) w.int32(-1);
  w.int32(request.maxWaitMs);
  w.int32(request.minBytes);
  w.int32(request.maxBytes);
  w.int8(request.isolationLevel);
  if (version >= 7) {
    w.int32(request.sessionId);
    w.int32(request.sessionEpoch);
  }
  w.array(request.topics, (topic) => {
    encodeTopicName(w, topic, version >= TOPIC_ID_VERSION);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      if (version >= 9) w.int32(partition.currentLeaderEpoch);
      w.int64(partition.fetchOffset);
      if (version >= 12) w.int32(-1);
      // The log start offset is for followers.
      if (version >= 5) w.int64(-1);
      w.int32(partition.maxBytes);
      w.endStruct();
    });
    w.endStruct();
  });
  if (version >= 7) w.array([], () => undefined);
  if (version >= 11) w.string("");
  w.endStruct();
}

function decodeRequest(r: Reader, version: number): FetchRequest {
  if (version <= REPLICA_ID_VERSION_MAX) r.int32();
  const request = {
    maxWaitMs: r.int32(),
    minBytes: r.int32(),
    maxBytes: r.int32(),
    isolationLevel: r.int8(),
    sessionId: version >= 7 ? r.int32() : 0,
    sessionEpoch: version >= 7 ? r.int32() : -1,
    topics: r.array(() => {
      const topic = {
        ...decodeTopicName(r, version >= TOPIC_ID_VERSION),
        partitions: r.array(() => decodeRequestPartition(r, version)),
      };
      r.endStruct();
      return topic;
    }),
  };
  if (version >= 7) {
    r.array(() => {
      decodeTopicName(r, version >= TOPIC_ID_VERSION);
      r.array(() => r.int32());
      r.endStruct();
    });
  }
  if (version >= 11) r.string();
  r.endStruct();
  return request;
}

function decodeRequestPartition(r: Reader, version: number): FetchPartition {
  const p = r.int32();
  const currentLeaderEpoch = version >= 9 ? r.int32() : -1;
  const fetchOffset = r.int64();
  if (version >= 12) r.int32();
  if (version >= 5) r.int64();
  const maxBytes = r.int32();
  r.endStruct();
  return { p, currentLeaderEpoch, fetchOffset, maxBytes };
}

/**
 * Fetch Response v4-18 => throttle_time_ms:int32 (v7+ error_code:int16 session_id:int32) [topic]
 *   topic => (v4-12 name:string) (v13+ topic_id:uuid) [partition]
 *   partition => p:int32 error_code:int16 high_watermark:int64 last_stable_offset:int64 (v5+ log_start_offset:int64)
 *                nullable [aborted] (v11+ preferred_read_replica:int32) records:nullable_bytes
 *   aborted => producer_id:int64 first_offset:int64
 */
function encodeResponse(w: Writer, version: number, response: FetchResponse<readonly Buffer[]>): void {
  w.int32(response.throttleTimeMs);
  if (version >= 7) {
    w.int16(response.errorCode);
    w.int32(response.sessionId);
  }
  w.array(response.topics, (topic) => {
    encodeTopicName(w, topic, version >= TOPIC_ID_VERSION);
    w.array(topic.partitions, (partition) => {
      w.int32(partition.p);
      w.int16(partition.errorCode);
      w.int64(partition.highWatermark);
      w.int64(partition.lastStableOffset);
      if (version >= 5) w.int64(partition.logStartOffset);
      w.nullableArray(partition.abortedTransactions, (aborted) => {
        w.int64(aborted.producerId);
        w.int64(aborted.firstOffset);
        w.endStruct();
      });
      if (version >= 11) w.int32(-1);
      w.referenceBytes(partition.records);
      w.endStruct();
    });
    w.endStruct();
  });
  w.endStruct();
}

function decodeResponse(r: Reader, version: number): FetchResponse<ByteRange | undefined> {
  const response = {
    throttleTimeMs: r.int32(),
    errorCode: version >= 7 ? r.int16() : 0,
    sessionId: version >= 7 ? r.int32() : 0,
    topics: r.array(() => {
      const topic = {
        ...decodeTopicName(r, version >= TOPIC_ID_VERSION),
        partitions: r.array(() => decodePartition(r, version)),
      };
      r.endStruct();
      return topic;
    }),
  };
  r.endStruct();
  return response;
}

function decodePartition(r: Reader, version: number): FetchedPartition<ByteRange | undefined> {
  const p = r.int32();
  const errorCode = r.int16();
  const highWatermark = r.int64();
  const lastStableOffset = r.int64();
  const logStartOffset = version >= 5 ? r.int64() : -1;
  const abortedTransactions = r.nullableArray(() => {
    const aborted = { producerId: r.int64(), firstOffset: r.int64() };
    r.endStruct();
    return aborted;
  });
  if (version >= 11) r.int32();
  const records = r.nullableBytes();
  r.endStruct();
  return { p, errorCode, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records };
}
