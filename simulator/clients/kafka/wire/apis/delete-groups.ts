/** DeleteGroups (42): removes groups and their committed offsets. */
import type { Api } from "../frame.ts";
import type { Reader } from "../reader.ts";
import type { Writer } from "../writer.ts";

export interface DeleteGroupsRequest {
  readonly groups: readonly string[];
}

export interface DeleteGroupsResponse {
  readonly throttleTimeMs: number;
  readonly groups: readonly { readonly group: string; readonly errorCode: number }[];
}

export const deleteGroupsApi: Api<DeleteGroupsRequest, DeleteGroupsResponse> = {
  key: 42,
  name: "DeleteGroups",
  minVersion: 0,
  maxVersion: 1,
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

/** DeleteGroups Request v0-1 => [group:string] */
function encodeRequest(w: Writer, _version: number, request: DeleteGroupsRequest): void {
  w.array(request.groups, (group) => w.string(group));
}

function decodeRequest(r: Reader): DeleteGroupsRequest {
  return { groups: r.array(() => r.string()) };
}

/** DeleteGroups Response v0-1 => throttle_time_ms:int32 [group:string error_code:int16] */
function encodeResponse(w: Writer, _version: number, response: DeleteGroupsResponse): void {
  w.int32(response.throttleTimeMs);
  w.array(response.groups, (group) => {
    w.string(group.group);
    w.int16(group.errorCode);
  });
}

function decodeResponse(r: Reader): DeleteGroupsResponse {
  return {
    throttleTimeMs: r.int32(),
    groups: r.array(() => ({ group: r.string(), errorCode: r.int16() })),
  };
}
