/** DescribeGroups (15): state and members of groups. */
import {
  array,
  boolean,
  bytes,
  defineApi,
  type Field,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from "../schema.ts";

/** "Operations are not listed": what all answers with authorised operations say here, as there is no authoriser. */
export const OPERATIONS_NOT_LISTED = -(2 ** 31);

export interface DescribeGroupsRequest {
  readonly groups: readonly string[];
  readonly includeAuthorizedOperations: boolean;
}

export interface DescribeGroupsResponse {
  readonly throttleTimeMs: number;
  readonly groups: readonly DescribedGroup[];
}

export interface DescribedGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly group: string;
  readonly state: string;
  readonly protocolType: string;
  /** The protocol of the generation; empty while there is none. */
  readonly protocolName: string;
  readonly members: readonly DescribedMember[];
  readonly authorizedOperations: number;
}

export interface DescribedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly metadata: Buffer;
  readonly assignment: Buffer;
}

const request: Field<DescribeGroupsRequest> = struct({
  groups: array(string),
  includeAuthorizedOperations: since(3, boolean, false),
});

const member: Field<DescribedMember> = struct({
  memberId: string,
  instanceId: since(4, nullableString, null),
  clientId: string,
  clientHost: string,
  metadata: bytes,
  assignment: bytes,
});

const response: Field<DescribeGroupsResponse> = struct({
  throttleTimeMs: since(1, int32, 0),
  groups: array(
    struct({
      errorCode: int16,
      errorMessage: since(6, nullableString, null),
      group: string,
      state: string,
      protocolType: string,
      protocolName: string,
      members: array(member),
      authorizedOperations: since(3, int32, OPERATIONS_NOT_LISTED),
    }),
  ),
});

export const describeGroupsApi = defineApi({
  key: 15,
  name: "DescribeGroups",
  minVersion: 0,
  maxVersion: 6,
  flexibleFrom: 5,
  request,
  response,
});
