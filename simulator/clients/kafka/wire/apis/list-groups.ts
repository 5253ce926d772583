/** ListGroups (16): the groups of this coordinator. */
import { array, defineApi, type Field, int16, int32, since, string, struct } from "../schema.ts";

export interface ListGroupsRequest {
  /** Empty: groups in any state. */
  readonly states: readonly string[];
  /** Empty: groups of any type. */
  readonly types: readonly string[];
}

export interface ListGroupsResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly groups: readonly ListedGroup[];
}

export interface ListedGroup {
  readonly group: string;
  readonly protocolType: string;
  readonly state: string;
  readonly type: string;
}

const request: Field<ListGroupsRequest> = struct({
  states: since(4, array(string), []),
  types: since(5, array(string), []),
});

const response: Field<ListGroupsResponse> = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  groups: array(
    struct({ group: string, protocolType: string, state: since(4, string, ""), type: since(5, string, "") }),
  ),
});

export const listGroupsApi = defineApi({
  key: 16,
  name: "ListGroups",
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  request,
  response,
});
