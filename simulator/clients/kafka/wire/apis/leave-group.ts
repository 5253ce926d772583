/** LeaveGroup (13): members leave of their own accord, or an administrator removes them. */
import {
  array,
  converted,
  defineApi,
  type Field,
  int16,
  int32,
  nullableString,
  reshaped,
  since,
  string,
  struct,
} from "../schema.ts";

export interface LeaveGroupRequest {
  readonly group: string;
  /** Below v3 exactly one. */
  readonly members: readonly LeavingMember[];
}

export interface LeavingMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly reason: string | null;
}

export interface LeaveGroupResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  /** From v3 on. */
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly errorCode: number;
  }[];
}

/** One member: `group:string member_id:string`. From v3 on many. */
const request: Field<LeaveGroupRequest> = reshaped(
  3,
  converted(
    struct({ group: string, memberId: string }),
    ({ group, memberId }) => ({ group, members: [{ memberId, instanceId: null, reason: null }] }),
    ({ group, members }) => ({ group, memberId: members[0]?.memberId ?? "" }),
  ),
  struct({
    group: string,
    members: array(struct({ memberId: string, instanceId: nullableString, reason: since(5, nullableString, null) })),
  }),
);

const response: Field<LeaveGroupResponse> = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  members: since(3, array(struct({ memberId: string, instanceId: nullableString, errorCode: int16 })), []),
});

export const leaveGroupApi = defineApi({
  key: 13,
  name: "LeaveGroup",
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 4,
  request,
  response,
});
