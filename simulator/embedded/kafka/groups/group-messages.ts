/** What members ask of a group, and what it answers. */
import type { JoinGroupResponse } from "../../../clients/kafka/wire/apis/join-group.ts";
import type { SyncGroupResponse } from "../../../clients/kafka/wire/apis/sync-group.ts";
import { NO_ASSIGNMENT, type OfferedProtocol } from "./members.ts";

export type JoinAnswer = Omit<JoinGroupResponse, "throttleTimeMs">;
export type SyncAnswer = Omit<SyncGroupResponse, "throttleTimeMs">;

export type GroupReply =
  | { readonly kind: "join"; readonly ticket: number; readonly answer: JoinAnswer }
  | { readonly kind: "sync"; readonly ticket: number; readonly answer: SyncAnswer };

export interface Join {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly OfferedProtocol[];
  /** A new member is given an id first, and joins with it then: a lost answer leaves no member behind. */
  readonly idFirst: boolean;
  /** The member understands an answer that tells the leader not to assign. */
  readonly maySkipAssignment: boolean;
}

export interface MemberClaim {
  readonly memberId: string;
  readonly instanceId: string | null;
}

export interface Sync extends MemberClaim {
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export function refuseJoin(memberId: string, errorCode: number): JoinAnswer {
  return {
    errorCode,
    generation: -1,
    protocolType: null,
    protocolName: null,
    leader: "",
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function refuseSync(errorCode: number): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_ASSIGNMENT };
}
