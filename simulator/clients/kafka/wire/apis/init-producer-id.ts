/** InitProducerId (22): an id and an epoch under which a broker recognises a producer's repeats. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
}

export interface InitProducerIdResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export const initProducerIdApi: Api<InitProducerIdRequest, InitProducerIdResponse> = {
  key: 22,
  name: "InitProducerId",
  minVersion: 0,
  maxVersion: 1,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** InitProducerId Request v0-1 => transactional_id:nullable_string transaction_timeout_ms:int32 */
function encodeRequest(w: Writer, _version: number, request: InitProducerIdRequest): void {
  w.nullableString(request.transactionalId);
  w.int32(request.transactionTimeoutMs);
}

function decodeRequest(r: Reader): InitProducerIdRequest {
  return { transactionalId: r.nullableString(), transactionTimeoutMs: r.int32() };
}

/** InitProducerId Response v0-1 => throttle_time_ms:int32 error_code:int16 producer_id:int64 producer_epoch:int16 */
function encodeResponse(w: Writer, _version: number, response: InitProducerIdResponse): void {
  w.int32(response.throttleTimeMs);
  w.int16(response.errorCode);
  w.int64(response.producerId);
  w.int16(response.producerEpoch);
}

function decodeResponse(r: Reader): InitProducerIdResponse {
  return { throttleTimeMs: r.int32(), errorCode: r.int16(), producerId: r.int64(), producerEpoch: r.int16() };
}
