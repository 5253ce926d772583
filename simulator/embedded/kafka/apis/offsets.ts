/** ListOffsets: the ends of a partition's log, or the first record at or after a time. OffsetForLeaderEpoch: the end of an epoch. */

import {
  EARLIEST_LOCAL_TIMESTAMP,
  EARLIEST_PENDING_UPLOAD_TIMESTAMP,
  EARLIEST_TIMESTAMP,
  LATEST_TIERED_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListedOffset,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  MAX_TIMESTAMP,
} from "../../../clients/kafka/wire/apis/list-offsets.ts";
import type {
  AskedEpoch,
  EpochEnd,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from "../../../clients/kafka/wire/apis/offset-for-leader-epoch.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { TimestampMatch } from "../batch-timestamps.ts";
import { type BrokerState, checkLeaderEpoch, LEADER_EPOCH } from "../broker-state.ts";
import type { Partition } from "../topics.ts";
import { READ_COMMITTED } from "./fetch.ts";

/** "None": no offset, or no time or epoch that belongs to it. */
const NONE = -1;

export function answerListOffsets(state: BrokerState, request: ListOffsetsRequest): ListOffsetsResponse {
  const committedOnly = request.isolationLevel === READ_COMMITTED;
  const endOffset = ({ log, transactions }: Partition) =>
    committedOnly ? transactions.lastStableOffset(log.endOffset) : log.endOffset;
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ p, currentLeaderEpoch, timestampMs }) => {
      const partition = state.topics.findPartition(name, p);
      if (partition === undefined) return fail(p, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      const badEpoch = checkLeaderEpoch(currentLeaderEpoch);
      return badEpoch === ErrorCode.NONE
        ? { p, ...findOffset(partition, endOffset(partition), timestampMs) }
        : fail(p, badEpoch);
    }),
  }));
  return { throttleTimeMs: 0, topics };
}

/** `endOffset` is where the log ends for this reader. */
function findOffset({ log }: Partition, endOffset: number, timestampMs: number): Omit<ListedOffset, "p"> {
  if (timestampMs === LATEST_TIMESTAMP) return at(endOffset);
  if (timestampMs === EARLIEST_TIMESTAMP) return at(log.startOffset);
  if (timestampMs === EARLIEST_LOCAL_TIMESTAMP) return at(log.startOffset);
  // Nothing is in remote storage, and nothing waits to get there.
  if (timestampMs === LATEST_TIERED_TIMESTAMP) return nothing(ErrorCode.NONE);
  if (timestampMs === EARLIEST_PENDING_UPLOAD_TIMESTAMP) return nothing(ErrorCode.NONE);
  if (timestampMs === MAX_TIMESTAMP) return found(log.findMaxTimestamp(), endOffset);
  // Later versions give more meanings to negative times.
  if (timestampMs < 0) return nothing(ErrorCode.UNSUPPORTED_VERSION);
  return found(log.findTimestamp(timestampMs), endOffset);
}

/** As in Kafka, a record that the reader cannot be given yet is not looked behind of. */
function found(match: TimestampMatch | undefined, endOffset: number): Omit<ListedOffset, "p"> {
  return match === undefined || match.offset >= endOffset
    ? nothing(ErrorCode.NONE)
    : at(match.offset, match.timestampMs);
}

function at(offset: number, timestampMs = NONE): Omit<ListedOffset, "p"> {
  return { errorCode: ErrorCode.NONE, timestampMs, offset, leaderEpoch: LEADER_EPOCH };
}

function nothing(errorCode: number): Omit<ListedOffset, "p"> {
  return { errorCode, timestampMs: NONE, offset: NONE, leaderEpoch: NONE };
}

function fail(p: number, errorCode: number): ListedOffset {
  return { p, ...nothing(errorCode) };
}

export function answerOffsetForLeaderEpoch(
  state: BrokerState,
  request: OffsetForLeaderEpochRequest,
): OffsetForLeaderEpochResponse {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((asked) => findEpochEnd(state.topics.findPartition(name, asked.p), asked)),
  }));
  return { throttleTimeMs: 0, topics };
}

/** There is one epoch, which goes on: it ends where the log ends, and no other one is known. */
function findEpochEnd(partition: Partition | undefined, { p, currentLeaderEpoch, leaderEpoch }: AskedEpoch): EpochEnd {
  const errorCode =
    partition === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : checkLeaderEpoch(currentLeaderEpoch);
  if (partition === undefined || errorCode !== ErrorCode.NONE || leaderEpoch !== LEADER_EPOCH) {
    return { errorCode, p, leaderEpoch: NONE, endOffset: NONE };
  }
  return { errorCode, p, leaderEpoch: LEADER_EPOCH, endOffset: partition.log.endOffset };
}
