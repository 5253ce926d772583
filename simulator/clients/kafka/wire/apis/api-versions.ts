/** ApiVersions (18): which requests a broker serves, in which versions. The first request on a connection. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export type ApiVersionsRequest = Readonly<Record<never, never>>;

export interface ApiVersionsResponse {
  readonly errorCode: number;
  readonly apis: readonly ApiVersionRange[];
  readonly throttleTimeMs: number;
}

export interface ApiVersionRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/**
 * A request of version 3 or above is flexible. A server that does not know it answers error 35 in the form of
 * version 0, and the client asks again with a version that is in that answer.
 */
export const apiVersionsApi: Api<ApiVersionsRequest, ApiVersionsResponse> = {
  key: 18,
  name: "ApiVersions",
  minVersion: 0,
  maxVersion: 2,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** ApiVersions Request v0-2 => (nothing) */
function encodeRequest(): void {
  // The body is empty.
}

function decodeRequest(): ApiVersionsRequest {
  return {};
}

/**
 * ApiVersions Response v0 => error_code:int16 [api_key:int16 min_version:int16 max_version:int16]
 * ApiVersions Response v1-2 => v0 throttle_time_ms:int32
 */
function encodeResponse(w: Writer, version: number, response: ApiVersionsResponse): void {
  w.int16(response.errorCode);
  w.array(response.apis, (api) => {
    w.int16(api.apiKey);
    w.int16(api.minVersion);
    w.int16(api.maxVersion);
  });
  if (version >= 1) w.int32(response.throttleTimeMs);
}

function decodeResponse(r: Reader, version: number): ApiVersionsResponse {
  return {
    errorCode: r.int16(),
    apis: r.array(() => ({ apiKey: r.int16(), minVersion: r.int16(), maxVersion: r.int16() })),
    throttleTimeMs: version >= 1 ? r.int32() : 0,
  };
}
