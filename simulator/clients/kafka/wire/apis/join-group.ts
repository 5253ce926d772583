/** JoinGroup (11): a member enters a group, or comes back to it for the next generation. */
import {
  array,
  boolean,
  bytes,
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

export interface JoinGroupRequest {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  /** Version 0 has none: -1, and the session's holds. */
  readonly rebalanceTimeoutMs: number;
  /** Empty for who is not a member yet. */
  readonly memberId: string;
  /** group.instance.id, of a static member. */
  readonly instanceId: string | null;
  readonly protocolType: string;
  /** In the member's order of preference. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  readonly reason: string | null;
}

export interface JoinGroupResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  /** The leader must not assign anew: a static member came back to an unchanged group. */
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** For the leader only. */
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly metadata: Buffer;
  }[];
}

const request: Field<JoinGroupRequest> = struct({
  group: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: since(1, int32, -1),
  memberId: string,
  instanceId: since(5, nullableString, null),
  protocolType: string,
  protocols: array(struct({ name: string, metadata: bytes })),
  reason: since(8, nullableString, null),
});

/** Null only from v7 on; below, an empty string says the same. */
const protocolName: Field<string | null> = reshaped(
  7,
  { read: string.read, write: (w, version, value) => string.write(w, version, value ?? "") },
  nullableString,
);

const response: Field<JoinGroupResponse> = struct({
  throttleTimeMs: since(2, int32, 0),
  errorCode: int16,
  generation: int32,
  protocolType: since(7, nullableString, null),
  protocolName,
  leader: string,
  skipAssignment: since(9, boolean, false),
  memberId: string,
  members: array(struct({ memberId: string, instanceId: since(5, nullableString, null), metadata: bytes })),
});

export const joinGroupApi = defineApi({
  key: 11,
  name: "JoinGroup",
  minVersion: 0,
  maxVersion: 9,
  flexibleFrom: 6,
  request,
  response,
});
