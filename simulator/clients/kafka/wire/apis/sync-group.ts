/** SyncGroup (14): the leader hands in everybody's assignment, and each member takes its own. */
import { array, bytes, defineApi, type Field, int16, int32, nullableString, since, string, struct } from "../schema.ts";

export interface SyncGroupRequest {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  /** From v5 on: checked against the group's own. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** Of the leader; empty from all others. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export interface SyncGroupResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

const request: Field<SyncGroupRequest> = struct({
  group: string,
  generation: int32,
  memberId: string,
  instanceId: since(3, nullableString, null),
  protocolType: since(5, nullableString, null),
  protocolName: since(5, nullableString, null),
  assignments: array(struct({ memberId: string, assignment: bytes })),
});

const response: Field<SyncGroupResponse> = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  protocolType: since(5, nullableString, null),
  protocolName: since(5, nullableString, null),
  assignment: bytes,
});

export const syncGroupApi = defineApi({
  key: 14,
  name: "SyncGroup",
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 4,
  request,
  response,
});
