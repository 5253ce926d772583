/** FindCoordinator, and the life of a group: JoinGroup, SyncGroup, Heartbeat, LeaveGroup. */
import type {
  Coordinator,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from "../../../clients/kafka/wire/apis/find-coordinator.ts";
import type { HeartbeatRequest, HeartbeatResponse } from "../../../clients/kafka/wire/apis/heartbeat.ts";
import type { JoinGroupRequest } from "../../../clients/kafka/wire/apis/join-group.ts";
import type { LeaveGroupRequest, LeaveGroupResponse } from "../../../clients/kafka/wire/apis/leave-group.ts";
import type { SyncGroupRequest } from "../../../clients/kafka/wire/apis/sync-group.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { RequestHeader } from "../../../clients/kafka/wire/frame.ts";
import { type BrokerState, NODE_ID } from "../broker-state.ts";
import type { Asked } from "../groups/group-coordinator.ts";
import { type JoinAnswer, refuseJoin, refuseSync, type SyncAnswer } from "../groups/group-messages.ts";

const KEY_TYPE_GROUP = 0;
const KEY_TYPE_TRANSACTION = 1;
/** Kafka's group.min.session.timeout.ms and group.max.session.timeout.ms. */
const SESSION_TIMEOUT_MS_MIN = 6_000;
const SESSION_TIMEOUT_MS_MAX = 1_800_000;
/** From here on, a new member is given an id before it joins. */
const ID_FIRST_VERSION = 4;
/** From here on, a leader can be told not to assign. */
const SKIP_ASSIGNMENT_VERSION = 9;
/** From here on, each leaving member has an error of its own. */
const LEAVE_MANY_VERSION = 3;

export function answerFindCoordinator(state: BrokerState, request: FindCoordinatorRequest): FindCoordinatorResponse {
  return { throttleTimeMs: 0, coordinators: request.keys.map((key) => findCoordinator(state, request.keyType, key)) };
}

function findCoordinator(state: BrokerState, keyType: number, key: string): Coordinator {
  const { host, port } = state.identity;
  if (keyType === KEY_TYPE_GROUP || keyType === KEY_TYPE_TRANSACTION) {
    return { key, errorCode: ErrorCode.NONE, errorMessage: null, nodeId: NODE_ID, host, port };
  }
  const errorMessage = `unknown key type ${keyType}`;
  return { key, errorCode: ErrorCode.INVALID_REQUEST, errorMessage, nodeId: -1, host: "", port: -1 };
}

export function askJoinGroup(state: BrokerState, request: JoinGroupRequest, header: RequestHeader): Asked<JoinAnswer> {
  const { group, memberId, instanceId, sessionTimeoutMs, protocolType, protocols } = request;
  const refused = refuseJoinRequest(state, request);
  if (refused !== ErrorCode.NONE) return { kind: "answered", answer: refuseJoin(memberId, refused) };
  return state.groups.join(group, {
    memberId,
    instanceId,
    clientId: header.clientId ?? "",
    sessionTimeoutMs,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs > 0 ? request.rebalanceTimeoutMs : sessionTimeoutMs,
    protocolType,
    protocols,
    idFirst: header.apiVersion >= ID_FIRST_VERSION,
    maySkipAssignment: header.apiVersion >= SKIP_ASSIGNMENT_VERSION,
  });
}

function refuseJoinRequest(state: BrokerState, { group, sessionTimeoutMs }: JoinGroupRequest): number {
  if (group === "") return ErrorCode.INVALID_GROUP_ID;
  if (state.consumerGroups.findInUse(group) !== undefined) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  const allowed = sessionTimeoutMs >= SESSION_TIMEOUT_MS_MIN && sessionTimeoutMs <= SESSION_TIMEOUT_MS_MAX;
  return allowed ? ErrorCode.NONE : ErrorCode.INVALID_SESSION_TIMEOUT;
}

export function askSyncGroup(state: BrokerState, request: SyncGroupRequest): Asked<SyncAnswer> {
  if (request.group === "") return { kind: "answered", answer: refuseSync(ErrorCode.INVALID_GROUP_ID) };
  return state.groups.sync(request.group, request);
}

export function answerHeartbeat(state: BrokerState, request: HeartbeatRequest): HeartbeatResponse {
  const errorCode = request.group === "" ? ErrorCode.INVALID_GROUP_ID : state.groups.heartbeat(request.group, request);
  return { throttleTimeMs: 0, errorCode };
}

export function answerLeaveGroup(
  state: BrokerState,
  request: LeaveGroupRequest,
  { apiVersion }: RequestHeader,
): LeaveGroupResponse {
  const { group, members: leaving } = request;
  const throttleTimeMs = 0;
  if (group === "") return { throttleTimeMs, errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
  const codes = state.groups.leave(group, leaving) ?? leaving.map(() => ErrorCode.UNKNOWN_MEMBER_ID);
  const members = leaving.map(({ memberId, instanceId }, i) => ({
    memberId,
    instanceId,
    errorCode: codes[i] ?? ErrorCode.UNKNOWN_MEMBER_ID,
  }));
  const single = members[0]?.errorCode ?? ErrorCode.NONE;
  return { throttleTimeMs, errorCode: apiVersion >= LEAVE_MANY_VERSION ? ErrorCode.NONE : single, members };
}
