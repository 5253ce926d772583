/** OffsetFetch (9): reads groups' committed positions. */
import {
  array,
  boolean,
  converted,
  defineApi,
  type Field,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  reshaped,
  since,
  string,
  struct,
} from "../schema.ts";
import { nameBefore, topicIdSince } from "./topic-reference.ts";

export interface OffsetFetchRequest {
  /** Below v8 exactly one. */
  readonly groups: readonly AskedGroup[];
  /** From v7 on: refuse a partition that an unfinished transaction has offsets for. */
  readonly requireStable: boolean;
}

export interface AskedGroup {
  readonly group: string;
  /** From v9 on: the member that asks, with its generation; null for one that is none. */
  readonly memberId: string | null;
  readonly generation: number;
  /** Null (from v2 on): every partition that the group has committed. */
  readonly topics: readonly AskedTopic[] | null;
}

interface AskedTopic {
  readonly name: string;
  /** From v10 on, in place of the name. */
  readonly topicId?: string | undefined;
  readonly partitions: readonly number[];
}

export interface OffsetFetchResponse {
  readonly throttleTimeMs: number;
  /** One per group asked for. Below v8 the answer does not name it: it is read as "". */
  readonly groups: readonly FetchedGroup[];
}

export interface FetchedGroup {
  readonly group: string;
  readonly topics: readonly FetchedTopic[];
  readonly errorCode: number;
}

interface FetchedTopic {
  readonly name: string;
  readonly topicId?: string | undefined;
  readonly partitions: readonly CommittedOffset[];
}

export interface CommittedOffset {
  readonly p: number;
  /** -1: nothing committed. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

/** The first version that names topics by their ids. */
const TOPIC_ID_VERSION = 10;

const askedTopic = struct<AskedTopic>({
  name: nameBefore(TOPIC_ID_VERSION),
  topicId: topicIdSince(TOPIC_ID_VERSION),
  partitions: array(int32),
});
/** Version 1 cannot ask for all. */
const askedTopics: AskedTopics = reshaped(
  2,
  converted(
    array(askedTopic),
    (topics): AskedGroup["topics"] => topics,
    (topics) => topics ?? [],
  ),
  nullableArray(askedTopic),
);
type AskedTopics = Field<AskedGroup["topics"]>;

const request: Field<OffsetFetchRequest> = reshaped(
  8,
  converted(
    struct({ group: string, topics: askedTopics, requireStable: since(7, boolean, false) }),
    ({ group, topics, requireStable }): OffsetFetchRequest => ({
      groups: [{ group, memberId: null, generation: -1, topics }],
      requireStable,
    }),
    ({ groups, requireStable }) => ({
      group: groups[0]?.group ?? "",
      topics: groups[0]?.topics ?? null,
      requireStable,
    }),
  ),
  struct({
    groups: array(
      struct({
        group: string,
        memberId: since(9, nullableString, null),
        generation: since(9, int32, -1),
        topics: askedTopics,
      }),
    ),
    requireStable: boolean,
  }),
);

const fetchedTopics = array(
  struct<FetchedTopic>({
    name: nameBefore(TOPIC_ID_VERSION),
    topicId: topicIdSince(TOPIC_ID_VERSION),
    partitions: array(
      struct<CommittedOffset>({
        p: int32,
        offset: int64,
        leaderEpoch: since(5, int32, -1),
        metadata: nullableString,
        errorCode: int16,
      }),
    ),
  }),
);

const response: Field<OffsetFetchResponse> = reshaped(
  8,
  converted(
    struct({ throttleTimeMs: since(3, int32, 0), topics: fetchedTopics, errorCode: since(2, int16, 0) }),
    ({ throttleTimeMs, topics, errorCode }): OffsetFetchResponse => ({
      throttleTimeMs,
      groups: [{ group: "", topics, errorCode }],
    }),
    ({ throttleTimeMs, groups }) => ({
      throttleTimeMs,
      topics: groups[0]?.topics ?? [],
      errorCode: groups[0]?.errorCode ?? 0,
    }),
  ),
  struct({
    throttleTimeMs: int32,
    groups: array(struct({ group: string, topics: fetchedTopics, errorCode: int16 })),
  }),
);

export const offsetFetchApi = defineApi({
  key: 9,
  name: "OffsetFetch",
  minVersion: 1,
  maxVersion: 10,
  flexibleFrom: 6,
  request,
  response,
});
