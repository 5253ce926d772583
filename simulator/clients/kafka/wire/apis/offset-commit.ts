/** OffsetCommit (8): stores a group's positions. Generation -1 and an empty member id: a group without members. */
import {
  afterUnused,
  array,
  defineApi,
  type Field,
  int16,
  int32,
  int64,
  nullableString,
  since,
  string,
  struct,
  until,
} from "../schema.ts";
import { nameBefore, topicIdSince } from "./topic-reference.ts";

export interface OffsetCommitRequest {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topics: readonly {
    readonly name: string;
    /** From v10 on, in place of the name. */
    readonly topicId?: string | undefined;
    readonly partitions: readonly OffsetToCommit[];
  }[];
}

export interface OffsetToCommit {
  readonly p: number;
  readonly offset: number;
  /** Of the record before; -1: not known. */
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface OffsetCommitResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly {
    readonly name: string;
    /** From v10 on, in place of the name. */
    readonly topicId?: string | undefined;
    readonly partitions: readonly { readonly p: number; readonly errorCode: number }[];
  }[];
}

/** The first version that names topics by their ids. */
const TOPIC_ID_VERSION = 10;
/** The retention, which v2 to v4 could ask for, is the broker's own. */
const RETENTION_DEFAULT = -1;

const request: Field<OffsetCommitRequest> = struct({
  group: string,
  generation: int32,
  memberId: string,
  instanceId: since(7, nullableString, null),
  topics: afterUnused(
    until(4, int64, RETENTION_DEFAULT),
    RETENTION_DEFAULT,
    array(
      struct({
        name: nameBefore(TOPIC_ID_VERSION),
        topicId: topicIdSince(TOPIC_ID_VERSION),
        partitions: array(
          struct({ p: int32, offset: int64, leaderEpoch: since(6, int32, -1), metadata: nullableString }),
        ),
      }),
    ),
  ),
});

const response: Field<OffsetCommitResponse> = struct({
  throttleTimeMs: since(3, int32, 0),
  topics: array(
    struct({
      name: nameBefore(TOPIC_ID_VERSION),
      topicId: topicIdSince(TOPIC_ID_VERSION),
      partitions: array(struct({ p: int32, errorCode: int16 })),
    }),
  ),
});

export const offsetCommitApi = defineApi({
  key: 8,
  name: "OffsetCommit",
  minVersion: 2,
  maxVersion: 10,
  flexibleFrom: 8,
  request,
  response,
});
