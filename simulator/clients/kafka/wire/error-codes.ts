/**
 * Kafka's error codes, once: the name, and what a client does about it.
 *
 *   retryable        the same request may succeed in a moment
 *   refreshMetadata  ask who leads (or coordinates) now, then retry
 *   fatal            retrying changes nothing: the caller decides
 */
export type ErrorAction = "none" | "retryable" | "refreshMetadata" | "fatal";

export interface BrokerError {
  readonly code: number;
  readonly name: string;
  readonly action: ErrorAction;
  /** What a person can do about it; "" where the name says all that is known. */
  readonly advice: string;
}

export const ErrorCode = {
  UNKNOWN_SERVER_ERROR: -1,
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  MESSAGE_TOO_LARGE: 10,
  OFFSET_METADATA_TOO_LARGE: 12,
  NETWORK_EXCEPTION: 13,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  INVALID_TOPIC_EXCEPTION: 17,
  RECORD_LIST_TOO_LARGE: 18,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  INVALID_SESSION_TIMEOUT: 26,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  UNSUPPORTED_SASL_MECHANISM: 33,
  ILLEGAL_SASL_STATE: 34,
  UNSUPPORTED_VERSION: 35,
  TOPIC_ALREADY_EXISTS: 36,
  INVALID_PARTITIONS: 37,
  INVALID_REPLICATION_FACTOR: 38,
  INVALID_REPLICA_ASSIGNMENT: 39,
  INVALID_CONFIG: 40,
  NOT_CONTROLLER: 41,
  INVALID_REQUEST: 42,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 43,
  POLICY_VIOLATION: 44,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  INVALID_TRANSACTION_TIMEOUT: 50,
  CONCURRENT_TRANSACTIONS: 51,
  SECURITY_DISABLED: 54,
  OPERATION_NOT_ATTEMPTED: 55,
  KAFKA_STORAGE_ERROR: 56,
  SASL_AUTHENTICATION_FAILED: 58,
  UNKNOWN_PRODUCER_ID: 59,
  NON_EMPTY_GROUP: 68,
  GROUP_ID_NOT_FOUND: 69,
  FETCH_SESSION_ID_NOT_FOUND: 70,
  INVALID_FETCH_SESSION_EPOCH: 71,
  LISTENER_NOT_FOUND: 72,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  UNSUPPORTED_COMPRESSION_TYPE: 76,
  OFFSET_NOT_AVAILABLE: 78,
  MEMBER_ID_REQUIRED: 79,
  GROUP_MAX_SIZE_REACHED: 81,
  FENCED_INSTANCE_ID: 82,
  ELECTION_NOT_NEEDED: 84,
  NO_REASSIGNMENT_IN_PROGRESS: 85,
  GROUP_SUBSCRIBED_TO_TOPIC: 86,
  INVALID_RECORD: 87,
  UNSTABLE_OFFSET_COMMIT: 88,
  THROTTLING_QUOTA_EXCEEDED: 89,
  PRODUCER_FENCED: 90,
  RESOURCE_NOT_FOUND: 91,
  UNKNOWN_TOPIC_ID: 100,
  TRANSACTIONAL_ID_NOT_FOUND: 105,
  FENCED_MEMBER_EPOCH: 110,
  UNRELEASED_INSTANCE_ID: 111,
  UNSUPPORTED_ASSIGNOR: 112,
  STALE_MEMBER_EPOCH: 113,
  MISMATCHED_ENDPOINT_TYPE: 114,
  TRANSACTION_ABORTABLE: 120,
  INVALID_REGULAR_EXPRESSION: 128,
} as const;

const retryable: ReadonlySet<number> = new Set([
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
  ErrorCode.THROTTLING_QUOTA_EXCEEDED,
  // Damaged on its way to the broker's log: a resend may arrive whole.
  ErrorCode.CORRUPT_MESSAGE,
]);

const refreshMetadata: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.LISTENER_NOT_FOUND,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
]);

/**
 * Answers to a produce request that come before the append, or instead of it. All others may follow one: a leader that
 * loses its office, its replicas or its disk while it waits for the replicas has the batch in its log already.
 */
const beforeAppend: ReadonlySet<number> = new Set([
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.INVALID_TOPIC_EXCEPTION,
  ErrorCode.RECORD_LIST_TOO_LARGE,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.INVALID_TIMESTAMP,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.INVALID_REQUEST,
  ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  ErrorCode.POLICY_VIOLATION,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  ErrorCode.INVALID_RECORD,
]);

/** True if a produce request that was answered with this code certainly left no batch in the log. */
export const rulesOutAppend = (code: number): boolean => beforeAppend.has(code);

const LACKS_REPLICAS =
  "fewer replicas are in sync than the topic's min.insync.replicas asks for: start the brokers that are missing, or lower it";
const LACKS_RIGHT = "the user that this client is to the broker may not do that: let an ACL allow it";

const advices: ReadonlyMap<number, string> = new Map([
  [ErrorCode.LEADER_NOT_AVAILABLE, "see that the brokers run that hold its replicas"],
  [ErrorCode.MESSAGE_TOO_LARGE, "raise the topic's max.message.bytes"],
  [
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    "a broker creates the topic that keeps what groups commit only where there are as many brokers as its offsets.topic.replication.factor, which is 3 unless it is set",
  ],
  [ErrorCode.RECORD_LIST_TOO_LARGE, "raise the topic's segment.bytes"],
  [ErrorCode.NOT_ENOUGH_REPLICAS, LACKS_REPLICAS],
  [ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND, LACKS_REPLICAS],
  [ErrorCode.TOPIC_AUTHORIZATION_FAILED, LACKS_RIGHT],
  [ErrorCode.GROUP_AUTHORIZATION_FAILED, LACKS_RIGHT],
  [ErrorCode.CLUSTER_AUTHORIZATION_FAILED, LACKS_RIGHT],
  [
    ErrorCode.INVALID_TIMESTAMP,
    "raise the topic's message.timestamp.before.max.ms and message.timestamp.after.max.ms, and see that the clocks agree",
  ],
  [ErrorCode.INVALID_REPLICATION_FACTOR, "a partition has at most as many replicas as there are brokers"],
  [
    ErrorCode.OFFSET_NOT_AVAILABLE,
    "its new leader does not know what is committed before as many replicas are in sync as min.insync.replicas asks for: start the brokers that are missing",
  ],
]);

const names: ReadonlyMap<number, string> = new Map(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** What we know of a code. One that is not in the table is fatal: we cannot say that a retry helps. */
export function describeBrokerError(code: number): BrokerError {
  const name = names.get(code) ?? "an error that this client does not know";
  return { code, name, action: actionOf(code), advice: advices.get(code) ?? "" };
}

function actionOf(code: number): ErrorAction {
  if (code === ErrorCode.NONE) return "none";
  if (retryable.has(code)) return "retryable";
  return refreshMetadata.has(code) ? "refreshMetadata" : "fatal";
}
