/** DescribeGroups, ListGroups, DeleteGroups: groups as an administrator sees them. */
import type { DeleteGroupsRequest, DeleteGroupsResponse } from "../../../clients/kafka/wire/apis/delete-groups.ts";
import {
  type DescribedGroup,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
  OPERATIONS_NOT_LISTED,
} from "../../../clients/kafka/wire/apis/describe-groups.ts";
import type { ListGroupsRequest, ListGroupsResponse } from "../../../clients/kafka/wire/apis/list-groups.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { RequestHeader } from "../../../clients/kafka/wire/frame.ts";
import type { BrokerState } from "../broker-state.ts";
import { type Member, metadataOf, NO_ASSIGNMENT } from "../groups/members.ts";
import { CONSUMER_PROTOCOL_TYPE } from "../groups/subscription.ts";

/** Its members assign among themselves. */
const CLASSIC = "classic";
/** The broker assigns. */
const CONSUMER = "consumer";
/** From here on, a group that is not there is an error; before, it is described as a dead one. */
const NOT_FOUND_VERSION = 6;

export function answerDescribeGroups(
  state: BrokerState,
  request: DescribeGroupsRequest,
  { apiVersion }: RequestHeader,
): DescribeGroupsResponse {
  const groups = request.groups.map((name) => describeGroup(state, name, apiVersion >= NOT_FOUND_VERSION));
  return { throttleTimeMs: 0, groups };
}

function describeGroup(state: BrokerState, name: string, missingIsError: boolean): DescribedGroup {
  const vacant = {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    group: name,
    protocolType: "",
    protocolName: "",
    members: [],
    authorizedOperations: OPERATIONS_NOT_LISTED,
  };
  const isConsumers = state.consumerGroups.findInUse(name) !== undefined;
  const group = isConsumers ? undefined : state.groups.find(name);
  if (group !== undefined) {
    const stable = group.state === "Stable";
    const describe = (member: Member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      // As Java prints an address without a name.
      clientHost: `/${state.identity.host}`,
      metadata: stable ? metadataOf(member, group.protocolName) : NO_ASSIGNMENT,
      assignment: stable ? member.assignment : NO_ASSIGNMENT,
    });
    return {
      ...vacant,
      state: group.state,
      protocolType: group.protocolType,
      protocolName: stable ? (group.protocolName ?? "") : "",
      members: group.members.list().map(describe),
    };
  }
  if (!isConsumers && state.groups.exists(name)) return { ...vacant, state: "Empty" };
  if (!missingIsError) return { ...vacant, state: "Dead" };
  const errorMessage = `there is no group ${name} of the classic protocol`;
  return { ...vacant, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage, state: "Dead" };
}

export function answerListGroups(state: BrokerState, { states, types }: ListGroupsRequest): ListGroupsResponse {
  const wanted = (list: readonly string[], value: string) =>
    list.length === 0 || list.some((each) => each.toLowerCase() === value.toLowerCase());
  const names = new Set([...state.groups.list(), ...state.consumerGroups.names()]);
  const groups = [...names].map((name) => {
    const consumers = state.consumerGroups.find(name);
    if (consumers !== undefined && (consumers.size > 0 || state.groups.find(name) === undefined)) {
      return { group: name, protocolType: CONSUMER_PROTOCOL_TYPE, state: consumers.state as string, type: CONSUMER };
    }
    const group = state.groups.find(name);
    const stateOf: string = group?.state ?? "Empty";
    return { group: name, protocolType: group?.protocolType ?? "", state: stateOf, type: CLASSIC };
  });
  const listed = groups.filter((each) => wanted(states, each.state) && wanted(types, each.type));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, groups: listed };
}

export function answerDeleteGroups(state: BrokerState, request: DeleteGroupsRequest): DeleteGroupsResponse {
  const groups = request.groups.map((group) => {
    const errorCode = deleteGroup(state, group);
    if (errorCode === ErrorCode.NONE) state.transactions.forgetGroup(group);
    return { group, errorCode };
  });
  return { throttleTimeMs: 0, groups };
}

function deleteGroup({ groups, consumerGroups }: BrokerState, name: string): number {
  if (consumerGroups.findInUse(name) !== undefined) return ErrorCode.NON_EMPTY_GROUP;
  const wasConsumers = consumerGroups.find(name) !== undefined;
  consumerGroups.delete(name);
  return wasConsumers && !groups.exists(name) ? ErrorCode.NONE : groups.delete(name);
}
