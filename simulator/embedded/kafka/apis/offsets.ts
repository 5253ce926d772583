/** ListOffsets: the ends of a partition's log, or the first record at or after a time. */
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListedOffset,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from "../../../clients/kafka/wire/list-offsets.ts";
import type { BrokerState } from "../broker-state.ts";
import type { PartitionLog } from "../partition-log.ts";

/** "None": no offset, or no time that belongs to it. */
const NONE = -1;

export function answerListOffsets(state: BrokerState, request: ListOffsetsRequest): ListOffsetsResponse {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ p, timestampMs }) => {
      const log = state.topics.findPartition(name, p)?.log;
      if (log === undefined) return fail(p, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      return { p, ...findOffset(log, timestampMs) };
    }),
  }));
  return { throttleTimeMs: 0, topics };
}

function findOffset(log: PartitionLog, timestampMs: number): Omit<ListedOffset, "p"> {
  const errorCode = ErrorCode.NONE;
  // Without transactions the last stable offset is the end, so the isolation level changes nothing.
  if (timestampMs === LATEST_TIMESTAMP) return { errorCode, timestampMs: NONE, offset: log.endOffset };
  if (timestampMs === EARLIEST_TIMESTAMP) return { errorCode, timestampMs: NONE, offset: log.startOffset };
  // Later versions give more meanings to negative times.
  if (timestampMs < 0) return { errorCode: ErrorCode.UNSUPPORTED_VERSION, timestampMs: NONE, offset: NONE };
  const match = log.findTimestamp(timestampMs);
  return { errorCode, timestampMs: match?.timestampMs ?? NONE, offset: match?.offset ?? NONE };
}

function fail(p: number, errorCode: number): ListedOffset {
  return { p, errorCode, timestampMs: NONE, offset: NONE };
}
