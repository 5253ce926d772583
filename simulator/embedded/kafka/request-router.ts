/**
 * From a request frame to its outcome: reads the header, finds the API, decodes, answers, encodes.
 *
 * Q1 What is advertised is served in every advertised version, and nothing else is; the one exception is Produce 0-2,
 *    which is advertised because some clients stop compressing without it.
 * Q2 A request of an API or version that is not served ends the connection, as in Kafka: there is no form in which to
 *    answer it. Only ApiVersions of any version is answered: its client asks which versions there are.
 */

import { createAclsApi, deleteAclsApi, describeAclsApi } from "../../clients/kafka/wire/apis/acls.ts";
import { addOffsetsToTxnApi } from "../../clients/kafka/wire/apis/add-offsets-to-txn.ts";
import { addPartitionsToTxnApi } from "../../clients/kafka/wire/apis/add-partitions-to-txn.ts";
import { alterConfigsApi, incrementalAlterConfigsApi } from "../../clients/kafka/wire/apis/alter-configs.ts";
import { type ApiVersionRange, apiVersionsApi } from "../../clients/kafka/wire/apis/api-versions.ts";
import { consumerGroupDescribeApi } from "../../clients/kafka/wire/apis/consumer-group-describe.ts";
import { consumerGroupHeartbeatApi } from "../../clients/kafka/wire/apis/consumer-group-heartbeat.ts";
import { createPartitionsApi } from "../../clients/kafka/wire/apis/create-partitions.ts";
import { createTopicsApi } from "../../clients/kafka/wire/apis/create-topics.ts";
import { deleteGroupsApi } from "../../clients/kafka/wire/apis/delete-groups.ts";
import { deleteRecordsApi } from "../../clients/kafka/wire/apis/delete-records.ts";
import { deleteTopicsApi } from "../../clients/kafka/wire/apis/delete-topics.ts";
import { describeClientQuotasApi } from "../../clients/kafka/wire/apis/describe-client-quotas.ts";
import { describeClusterApi } from "../../clients/kafka/wire/apis/describe-cluster.ts";
import { describeConfigsApi } from "../../clients/kafka/wire/apis/describe-configs.ts";
import { describeGroupsApi } from "../../clients/kafka/wire/apis/describe-groups.ts";
import { describeLogDirsApi } from "../../clients/kafka/wire/apis/describe-log-dirs.ts";
import { describeProducersApi } from "../../clients/kafka/wire/apis/describe-producers.ts";
import { describeTopicPartitionsApi } from "../../clients/kafka/wire/apis/describe-topic-partitions.ts";
import { describeTransactionsApi } from "../../clients/kafka/wire/apis/describe-transactions.ts";
import { describeUserScramCredentialsApi } from "../../clients/kafka/wire/apis/describe-user-scram-credentials.ts";
import { electLeadersApi } from "../../clients/kafka/wire/apis/elect-leaders.ts";
import { endTxnApi } from "../../clients/kafka/wire/apis/end-txn.ts";
import { fetchApi } from "../../clients/kafka/wire/apis/fetch.ts";
import { findCoordinatorApi } from "../../clients/kafka/wire/apis/find-coordinator.ts";
import { heartbeatApi } from "../../clients/kafka/wire/apis/heartbeat.ts";
import { initProducerIdApi } from "../../clients/kafka/wire/apis/init-producer-id.ts";
import { joinGroupApi } from "../../clients/kafka/wire/apis/join-group.ts";
import { leaveGroupApi } from "../../clients/kafka/wire/apis/leave-group.ts";
import { listGroupsApi } from "../../clients/kafka/wire/apis/list-groups.ts";
import { listOffsetsApi } from "../../clients/kafka/wire/apis/list-offsets.ts";
import { listTransactionsApi } from "../../clients/kafka/wire/apis/list-transactions.ts";
import { metadataApi } from "../../clients/kafka/wire/apis/metadata.ts";
import { offsetCommitApi } from "../../clients/kafka/wire/apis/offset-commit.ts";
import { offsetDeleteApi } from "../../clients/kafka/wire/apis/offset-delete.ts";
import { offsetFetchApi } from "../../clients/kafka/wire/apis/offset-fetch.ts";
import { offsetForLeaderEpochApi } from "../../clients/kafka/wire/apis/offset-for-leader-epoch.ts";
import {
  alterPartitionReassignmentsApi,
  listPartitionReassignmentsApi,
} from "../../clients/kafka/wire/apis/partition-reassignments.ts";
import { type ProduceResponse, produceApi } from "../../clients/kafka/wire/apis/produce.ts";
import { syncGroupApi } from "../../clients/kafka/wire/apis/sync-group.ts";
import { txnOffsetCommitApi } from "../../clients/kafka/wire/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../clients/kafka/wire/error-codes.ts";
import {
  type Api,
  beginFlexibleBody,
  decodeRequestHeader,
  encodeResponseFrame,
  isFlexible,
  type RequestHeader,
  responseFormOf,
} from "../../clients/kafka/wire/frame.ts";
import { Reader } from "../../clients/kafka/wire/reader.ts";
import { answerDescribeCluster, answerDescribeLogDirs } from "./apis/cluster.ts";
import { answerAlterConfigs, answerDescribeConfigs, answerIncrementalAlterConfigs } from "./apis/configs.ts";
import { answerConsumerGroupDescribe, answerConsumerGroupHeartbeat } from "./apis/consumer-groups.ts";
import { minBytesOf, readFetch } from "./apis/fetch.ts";
import { answerDeleteGroups, answerDescribeGroups, answerListGroups } from "./apis/group-admin.ts";
import { answerOffsetCommit, answerOffsetDelete, answerOffsetFetch } from "./apis/group-offsets.ts";
import { answerFindCoordinator, answerHeartbeat, answerLeaveGroup, askJoinGroup, askSyncGroup } from "./apis/groups.ts";
import { answerListOffsets, answerOffsetForLeaderEpoch } from "./apis/offsets.ts";
import {
  answerAlterPartitionReassignments,
  answerCreatePartitions,
  answerDeleteRecords,
  answerElectLeaders,
  answerListPartitionReassignments,
} from "./apis/partitions.ts";
import { answerProduce } from "./apis/produce.ts";
import { answerDescribeProducers, answerInitProducerId } from "./apis/producers.ts";
import {
  answerCreateAcls,
  answerDeleteAcls,
  answerDescribeAcls,
  answerDescribeClientQuotas,
  answerDescribeUserScramCredentials,
} from "./apis/security.ts";
import {
  answerCreateTopics,
  answerDeleteTopics,
  answerDescribeTopicPartitions,
  answerMetadata,
} from "./apis/topics.ts";
import { answerDescribeTransactions, answerListTransactions } from "./apis/transaction-admin.ts";
import {
  answerAddOffsetsToTxn,
  answerAddPartitionsToTxn,
  answerEndTxn,
  answerTxnOffsetCommit,
} from "./apis/transactions.ts";
import type { BrokerState } from "./broker-state.ts";
import type { Asked } from "./groups/group-coordinator.ts";
import type { Outcome } from "./outcome.ts";

interface Route {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly flexibleFrom?: number;
  readonly run: (state: BrokerState, r: Reader, header: RequestHeader) => Outcome;
}

/** An API whose request is answered at once. */
function route<Q, S, DecodedRequest, DS>(
  api: Api<Q, S, DecodedRequest, DS>,
  answer: (state: BrokerState, request: DecodedRequest, header: RequestHeader) => S,
): Route {
  const run: Route["run"] = (state, r, header) => {
    const request = api.decodeRequest(r, header.apiVersion);
    r.expectEnd();
    return respond(api, header, answer(state, request, header));
  };
  return { ...api, run };
}

/** An API whose answer may have to wait for other members of a group. */
function groupRoute<Q, Answer, DecodedRequest, DS>(
  api: Api<Q, Answer & { readonly throttleTimeMs: number }, DecodedRequest, DS>,
  ask: (state: BrokerState, request: DecodedRequest, header: RequestHeader) => Asked<Answer>,
): Route {
  const run: Route["run"] = (state, r, header) => {
    const request = api.decodeRequest(r, header.apiVersion);
    r.expectEnd();
    const asked = ask(state, request, header);
    const encode = (answer: Answer) => encodeResponse(api, header, { ...answer, throttleTimeMs: 0 });
    if (asked.kind === "answered") return { kind: "answer", frame: encode(asked.answer) };
    return { kind: "later", wait: (onReady) => asked.wait((answer) => onReady(encode(answer))) };
  };
  return { ...api, run };
}

const routes: ReadonlyMap<number, Route> = new Map(
  [
    { ...produceApi, run: runProduce },
    { ...fetchApi, run: runFetch },
    route(listOffsetsApi, answerListOffsets),
    route(metadataApi, answerMetadata),
    route(offsetCommitApi, answerOffsetCommit),
    route(offsetFetchApi, answerOffsetFetch),
    route(findCoordinatorApi, answerFindCoordinator),
    groupRoute(joinGroupApi, askJoinGroup),
    route(heartbeatApi, answerHeartbeat),
    route(leaveGroupApi, answerLeaveGroup),
    groupRoute(syncGroupApi, askSyncGroup),
    route(describeGroupsApi, answerDescribeGroups),
    route(listGroupsApi, answerListGroups),
    route(apiVersionsApi, () => ({ errorCode: ErrorCode.NONE, apis: advertised(), throttleTimeMs: 0 })),
    route(createTopicsApi, answerCreateTopics),
    route(deleteTopicsApi, answerDeleteTopics),
    route(deleteRecordsApi, answerDeleteRecords),
    route(initProducerIdApi, answerInitProducerId),
    route(addPartitionsToTxnApi, answerAddPartitionsToTxn),
    route(addOffsetsToTxnApi, answerAddOffsetsToTxn),
    route(endTxnApi, answerEndTxn),
    route(txnOffsetCommitApi, answerTxnOffsetCommit),
    route(offsetForLeaderEpochApi, answerOffsetForLeaderEpoch),
    route(describeAclsApi, answerDescribeAcls),
    route(createAclsApi, answerCreateAcls),
    route(deleteAclsApi, answerDeleteAcls),
    route(describeConfigsApi, answerDescribeConfigs),
    route(alterConfigsApi, answerAlterConfigs),
    route(describeLogDirsApi, answerDescribeLogDirs),
    route(createPartitionsApi, answerCreatePartitions),
    route(deleteGroupsApi, answerDeleteGroups),
    route(electLeadersApi, answerElectLeaders),
    route(incrementalAlterConfigsApi, answerIncrementalAlterConfigs),
    route(alterPartitionReassignmentsApi, answerAlterPartitionReassignments),
    route(listPartitionReassignmentsApi, answerListPartitionReassignments),
    route(offsetDeleteApi, answerOffsetDelete),
    route(describeProducersApi, answerDescribeProducers),
    route(describeTransactionsApi, answerDescribeTransactions),
    route(listTransactionsApi, answerListTransactions),
    route(describeClientQuotasApi, answerDescribeClientQuotas),
    route(describeUserScramCredentialsApi, answerDescribeUserScramCredentials),
    route(describeClusterApi, answerDescribeCluster),
    route(consumerGroupHeartbeatApi, answerConsumerGroupHeartbeat),
    route(consumerGroupDescribeApi, answerConsumerGroupDescribe),
    route(describeTopicPartitionsApi, answerDescribeTopicPartitions),
  ].map((each: Route) => [each.key, each]),
);

/** What is served, by its keys: for the list in README. */
export const SERVED_APIS: readonly Omit<Route, "run">[] = [...routes.values()].sort((a, b) => a.key - b.key);

/** Handles the request frame in start…end of the buffer; nothing of the frame is used after the return. */
export function handleRequest(state: BrokerState, buffer: Buffer, start: number, end: number): Outcome {
  const r = new Reader(buffer, start, end);
  const header = decodeRequestHeader(r);
  const found = routes.get(header.apiKey);
  if (found === undefined) {
    return { kind: "close", reason: `API ${header.apiKey}, asked for by ${clientOf(header)}, is not served` };
  }
  const served = header.apiVersion >= found.minVersion && header.apiVersion <= found.maxVersion;
  if (served) {
    if (isFlexible(found, header.apiVersion)) beginFlexibleBody(r);
    return found.run(state, r, header);
  }
  if (found.key === apiVersionsApi.key) return refuseApiVersions(header);
  const range = `${found.minVersion} to ${found.maxVersion}`;
  const reason = `${found.name} ${header.apiVersion}, asked for by ${clientOf(header)}, is not served, but ${range} are`;
  return { kind: "close", reason };
}

function clientOf(header: RequestHeader): string {
  return JSON.stringify(header.clientId?.slice(0, 100) ?? "a client without a name");
}

function advertised(): ApiVersionRange[] {
  return [...routes.values()].map(({ key, minVersion, maxVersion }) => ({
    apiKey: key,
    minVersion: key === produceApi.key ? 0 : minVersion,
    maxVersion,
  }));
}

/** Error 35 in the form of version 0, which every client can read, with the versions to choose from. */
function refuseApiVersions(header: RequestHeader): Outcome {
  const response = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apis: advertised(), throttleTimeMs: 0 };
  return respond(apiVersionsApi, { ...header, apiVersion: 0 }, response);
}

function runProduce(state: BrokerState, r: Reader, header: RequestHeader): Outcome {
  const request = produceApi.decodeRequest(r, header.apiVersion);
  r.expectEnd();
  const response = answerProduce(state, request, { version: header.apiVersion, buffer: r.buffer });
  if (request.acks !== 0) return respond(produceApi, header, response);
  const failed = firstError(response);
  // Without a response, the end of the connection is the only way to say that something was not stored.
  return failed === undefined ? { kind: "silent" } : { kind: "close", reason: `produce with acks=0: ${failed}` };
}

function firstError(response: ProduceResponse): string | undefined {
  for (const { name, partitions } of response.topics) {
    const failed = partitions.find((partition) => partition.errorCode !== ErrorCode.NONE);
    if (failed !== undefined) return `${name}-${failed.p}: ${failed.errorMessage}`;
  }
  return undefined;
}

function runFetch(state: BrokerState, r: Reader, header: RequestHeader): Outcome {
  const request = fetchApi.decodeRequest(r, header.apiVersion);
  r.expectEnd();
  const read = readFetch(state, request);
  const bytesMissing = minBytesOf(request) - read.bytes;
  if (bytesMissing <= 0 || read.failed || request.maxWaitMs <= 0 || read.logs.length === 0) {
    return respond(fetchApi, header, read.response);
  }
  // Reads anew, with all that came in while the request waited.
  const finish = () => encodeResponse(fetchApi, header, readFetch(state, request).response);
  const { logs, committedOnly } = read;
  return { kind: "wait", logs, bytesMissing, committedOnly, maxWaitMs: request.maxWaitMs, finish };
}

function respond<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, header: RequestHeader, response: S): Outcome {
  return { kind: "answer", frame: encodeResponse(api, header, response) };
}

function encodeResponse<Q, S, DQ, DS>(api: Api<Q, S, DQ, DS>, header: RequestHeader, response: S): Buffer[] {
  const { apiVersion, correlationId } = header;
  const form = responseFormOf(api, apiVersion);
  return encodeResponseFrame(correlationId, (w) => api.encodeResponse(w, apiVersion, response), form);
}
