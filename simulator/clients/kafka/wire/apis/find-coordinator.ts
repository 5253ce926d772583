/** FindCoordinator (10): which broker keeps a group's committed offsets. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface FindCoordinatorRequest {
  readonly key: string;
  /** 0 a group, 1 a transactional id. Version 0 has only groups. */
  readonly keyType: number;
}

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export const findCoordinatorApi: Api<FindCoordinatorRequest, FindCoordinatorResponse> = {
  key: 10,
  name: "FindCoordinator",
  minVersion: 0,
  maxVersion: 2,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** FindCoordinator Request v0-2 => key:string (v1+ key_type:int8) */
function encodeRequest(w: Writer, version: number, request: FindCoordinatorRequest): void {
  w.string(request.key);
  if (version >= 1) w.int8(request.keyType);
}

function decodeRequest(r: Reader, version: number): FindCoordinatorRequest {
  return { key: r.string(), keyType: version >= 1 ? r.int8() : 0 };
}

/**
 * FindCoordinator Response v0-2 => (v1+ throttle_time_ms:int32) error_code:int16 (v1+ error_message:nullable_string)
 *                                  node_id:int32 host:string port:int32
 */
function encodeResponse(w: Writer, version: number, response: FindCoordinatorResponse): void {
  if (version >= 1) w.int32(response.throttleTimeMs);
  w.int16(response.errorCode);
  if (version >= 1) w.nullableString(response.errorMessage);
  w.int32(response.nodeId);
  w.string(response.host);
  w.int32(response.port);
}

function decodeResponse(r: Reader, version: number): FindCoordinatorResponse {
  return {
    throttleTimeMs: version >= 1 ? r.int32() : 0,
    errorCode: r.int16(),
    errorMessage: version >= 1 ? r.nullableString() : null,
    nodeId: r.int32(),
    host: r.string(),
    port: r.int32(),
  };
}
