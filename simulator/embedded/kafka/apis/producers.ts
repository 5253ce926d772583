/** InitProducerId and DescribeProducers: ids under which producers' repeats and transactions are recognised. */
import type {
  DescribedPartition,
  DescribeProducersRequest,
  DescribeProducersResponse,
} from "../../../clients/kafka/wire/apis/describe-producers.ts";
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../../clients/kafka/wire/apis/init-producer-id.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { RequestHeader } from "../../../clients/kafka/wire/frame.ts";
import type { BrokerState } from "../broker-state.ts";
import { COORDINATOR_EPOCH } from "../transactions/markers.ts";
import { fencedCode } from "./transactions.ts";

/** From here on a client knows PRODUCER_FENCED. */
const PRODUCER_FENCED_VERSION = 4;

export function answerInitProducerId(
  state: BrokerState,
  request: InitProducerIdRequest,
  { apiVersion }: RequestHeader,
): InitProducerIdResponse {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request;
  if (transactionalId === null) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId: state.issueProducerId(), producerEpoch: 0 };
  }
  const isNew = producerId === -1 && producerEpoch === -1;
  const claim = isNew ? undefined : { producerId, producerEpoch };
  const answer = state.transactions.init(transactionalId, transactionTimeoutMs, claim);
  const errorCode = fencedCode(answer.errorCode, apiVersion >= PRODUCER_FENCED_VERSION);
  return { throttleTimeMs: 0, ...answer, errorCode };
}

export function answerDescribeProducers(
  state: BrokerState,
  request: DescribeProducersRequest,
): DescribeProducersResponse {
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((p) => describePartition(state, name, p)),
  }));
  return { throttleTimeMs: 0, topics };
}

function describePartition(state: BrokerState, name: string, p: number): DescribedPartition {
  const partition = state.topics.findPartition(name, p);
  if (partition === undefined) {
    const errorMessage = `there is no ${name}-${p}`;
    return { p, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage, producers: [] };
  }
  const producers = partition.producers.list().map(({ producerId, epoch, lastSequence }) => ({
    producerId,
    producerEpoch: epoch,
    lastSequence,
    // Not remembered: it would be work with every batch.
    lastTimestampMs: -1,
    coordinatorEpoch: COORDINATOR_EPOCH,
    transactionStartOffset: partition.transactions.firstOffsetOf(producerId) ?? -1,
  }));
  return { p, errorCode: ErrorCode.NONE, errorMessage: null, producers };
}
