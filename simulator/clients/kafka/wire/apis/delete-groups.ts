/** DeleteGroups (42): removes groups and their committed offsets. */
import { array, defineApi, type Field, int16, int32, string, struct } from "../schema.ts";

export interface DeleteGroupsRequest {
  readonly groups: readonly string[];
}

export interface DeleteGroupsResponse {
  readonly throttleTimeMs: number;
  readonly groups: readonly { readonly group: string; readonly errorCode: number }[];
}

const request: Field<DeleteGroupsRequest> = struct({ groups: array(string) });

const response: Field<DeleteGroupsResponse> = struct({
  throttleTimeMs: int32,
  groups: array(struct({ group: string, errorCode: int16 })),
});

export const deleteGroupsApi = defineApi({
  key: 42,
  name: "DeleteGroups",
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request,
  response,
});
