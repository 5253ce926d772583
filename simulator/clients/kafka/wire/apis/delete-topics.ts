/** DeleteTopics (20). */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface DeleteTopicsRequest {
  readonly names: readonly string[];
  readonly timeoutMs: number;
}

export interface DeleteTopicsResponse {
  readonly throttleTimeMs: number;
  readonly topics: readonly { readonly name: string; readonly errorCode: number }[];
}

export const deleteTopicsApi: Api<DeleteTopicsRequest, DeleteTopicsResponse> = {
  key: 20,
  name: "DeleteTopics",
  minVersion: 0,
  maxVersion: 3,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** DeleteTopics Request v0-3 => [name:string] timeout_ms:int32 */
function encodeRequest(w: Writer, _version: number, request: DeleteTopicsRequest): void {
  w.array(request.names, (name) => w.string(name));
  w.int32(request.timeoutMs);
}

function decodeRequest(r: Reader): DeleteTopicsRequest {
  return { names: r.array(() => r.string()), timeoutMs: r.int32() };
}

/** DeleteTopics Response v0-3 => (v1+ throttle_time_ms:int32) [name:string error_code:int16] */
function encodeResponse(w: Writer, version: number, response: DeleteTopicsResponse): void {
  if (version >= 1) w.int32(response.throttleTimeMs);
  w.array(response.topics, (topic) => {
    w.string(topic.name);
    w.int16(topic.errorCode);
  });
}

function decodeResponse(r: Reader, version: number): DeleteTopicsResponse {
  return {
    throttleTimeMs: version >= 1 ? r.int32() : 0,
    topics: r.array(() => ({ name: r.string(), errorCode: r.int16() })),
  };
}
