/** InitProducerId: an id under which an idempotent producer's repeats are recognised. */

import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from "../../../clients/kafka/wire/apis/init-producer-id.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { BrokerState } from "../broker-state.ts";

/** Kafka's code for a transactional id that may not be used; clients take it as final. */
export const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53;

export function answerInitProducerId(state: BrokerState, request: InitProducerIdRequest): InitProducerIdResponse {
  if (request.transactionalId !== null) {
    const errorCode = TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
  }
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId: state.issueProducerId(), producerEpoch: 0 };
}
