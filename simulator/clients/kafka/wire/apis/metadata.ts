/** Metadata (3): brokers, topics, and who leads which partition. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface MetadataRequest {
  /** Null: all topics. */
  readonly topics: readonly string[] | null;
  readonly allowAutoTopicCreation: boolean;
}

export interface MetadataResponse {
  readonly throttleTimeMs: number;
  readonly brokers: readonly MetadataBroker[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly MetadataTopic[];
}

export interface MetadataBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface MetadataTopic {
  readonly errorCode: number;
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitions: readonly MetadataPartition[];
}

export interface MetadataPartition {
  readonly errorCode: number;
  readonly p: number;
  /** -1 while none is elected. */
  readonly leader: number;
  /** Rises with each election. -1 before v7. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export const metadataApi: Api<MetadataRequest, MetadataResponse> = {
  key: 3,
  name: "Metadata",
  minVersion: 0,
  maxVersion: 7,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/**
 * Metadata Request v0 => [name:string]                        empty: all topics
 * Metadata Request v1-3 => nullable [name:string]             null: all topics
 * Metadata Request v4-7 => v1 allow_auto_topic_creation:boolean
 */
function encodeRequest(w: Writer, version: number, request: MetadataRequest): void {
  const topics = version === 0 ? (request.topics ?? []) : request.topics;
  w.nullableArray(topics, (name) => w.string(name));
  if (version >= 4) w.boolean(request.allowAutoTopicCreation);
}

function decodeRequest(r: Reader, version: number): MetadataRequest {
  const topics = r.nullableArray(() => r.string());
  return {
    topics: version === 0 && topics?.length === 0 ? null : topics,
    allowAutoTopicCreation: version >= 4 ? r.boolean() : true,
  };
}

/**
 * Metadata Response v0-7 => (v3+ throttle_time_ms:int32) [broker] (v2+ cluster_id:nullable_string)
 *                           (v1+ controller_id:int32) [topic]
 *   broker => node_id:int32 host:string port:int32 (v1+ rack:nullable_string)
 *   topic => error_code:int16 name:string (v1+ is_internal:boolean) [partition]
 *   partition => error_code:int16 p:int32 leader:int32 (v7+ leader_epoch:int32) [replica:int32] [in_sync:int32]
 *                (v5+ [offline:int32])
 */
function encodeResponse(w: Writer, version: number, response: MetadataResponse): void {
  if (version >= 3) w.int32(response.throttleTimeMs);
  w.array(response.brokers, (broker) => {
    w.int32(broker.nodeId);
    w.string(broker.host);
    w.int32(broker.port);
    if (version >= 1) w.nullableString(broker.rack);
  });
  if (version >= 2) w.nullableString(response.clusterId);
  if (version >= 1) w.int32(response.controllerId);
  w.array(response.topics, (topic) => {
    w.int16(topic.errorCode);
    w.string(topic.name);
    if (version >= 1) w.boolean(topic.isInternal);
    w.array(topic.partitions, (partition) => encodePartition(w, version, partition));
  });
}

function encodePartition(w: Writer, version: number, partition: MetadataPartition): void {
  w.int16(partition.errorCode);
  w.int32(partition.p);
  w.int32(partition.leader);
  if (version >= 7) w.int32(partition.leaderEpoch);
  w.array(partition.replicas, (id) => w.int32(id));
  w.array(partition.inSyncReplicas, (id) => w.int32(id));
  if (version >= 5) w.array(partition.offlineReplicas, (id) => w.int32(id));
}

function decodeResponse(r: Reader, version: number): MetadataResponse {
  return {
    throttleTimeMs: version >= 3 ? r.int32() : 0,
    brokers: r.array(() => ({
      nodeId: r.int32(),
      host: r.string(),
      port: r.int32(),
      rack: version >= 1 ? r.nullableString() : null,
    })),
    clusterId: version >= 2 ? r.nullableString() : null,
    controllerId: version >= 1 ? r.int32() : -1,
    topics: r.array(() => ({
      errorCode: r.int16(),
      name: r.string(),
      isInternal: version >= 1 ? r.boolean() : false,
      partitions: r.array(() => decodePartition(r, version)),
    })),
  };
}

function decodePartition(r: Reader, version: number): MetadataPartition {
  return {
    errorCode: r.int16(),
    p: r.int32(),
    leader: r.int32(),
    leaderEpoch: version >= 7 ? r.int32() : -1,
    replicas: r.array(() => r.int32()),
    inSyncReplicas: r.array(() => r.int32()),
    offlineReplicas: version >= 5 ? r.array(() => r.int32()) : [],
  };
}
