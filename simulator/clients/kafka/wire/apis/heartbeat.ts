/** Heartbeat (12): a member lives; the answer tells it when the group rebalances. */
import { defineApi, type Field, int16, int32, nullableString, since, string, struct } from "../schema.ts";

export interface HeartbeatRequest {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
}

export interface HeartbeatResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
}

const request: Field<HeartbeatRequest> = struct({
  group: string,
  generation: int32,
  memberId: string,
  instanceId: since(3, nullableString, null),
});

const response: Field<HeartbeatResponse> = struct({ throttleTimeMs: since(1, int32, 0), errorCode: int16 });

export const heartbeatApi = defineApi({
  key: 12,
  name: "Heartbeat",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  request,
  response,
});
