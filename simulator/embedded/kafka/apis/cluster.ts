/** DescribeCluster, DescribeLogDirs: the one broker that there is, and what its memory holds. */
import {
  type DescribeClusterRequest,
  type DescribeClusterResponse,
  ENDPOINT_TYPE,
} from "../../../clients/kafka/wire/apis/describe-cluster.ts";
import type {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from "../../../clients/kafka/wire/apis/describe-log-dirs.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import { type BrokerState, NODE_ID } from "../broker-state.ts";

/** There is no folder: what stands in its place says where the records are. */
const LOG_DIR = "memory";

export function answerDescribeCluster(state: BrokerState, request: DescribeClusterRequest): DescribeClusterResponse {
  const { host, port, clusterId } = state.identity;
  const cluster = { throttleTimeMs: 0, endpointType: ENDPOINT_TYPE.broker, clusterId, controllerId: NODE_ID };
  if (request.endpointType !== ENDPOINT_TYPE.broker) {
    const errorMessage = `endpoints of type ${request.endpointType} are not here: this is a broker`;
    return { ...cluster, errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE, errorMessage, brokers: [] };
  }
  const brokers = [{ nodeId: NODE_ID, host, port, rack: null, isFenced: false }];
  return { ...cluster, errorCode: ErrorCode.NONE, errorMessage: null, brokers };
}

export function answerDescribeLogDirs(state: BrokerState, request: DescribeLogDirsRequest): DescribeLogDirsResponse {
  const { bytesUsed, bytesMax } = state.topics.budget;
  const asked =
    request.topics ?? state.topics.list().map(({ name, partitions }) => ({ name, partitions: [...partitions.keys()] }));
  const topics = asked.map(({ name, partitions }) => ({
    name,
    partitions: partitions.flatMap((p) => {
      const log = state.topics.findPartition(name, p)?.log;
      return log === undefined ? [] : [{ p, sizeBytes: log.bytesStored, offsetLag: 0, isFuture: false }];
    }),
  }));
  const folder = {
    errorCode: ErrorCode.NONE,
    logDir: LOG_DIR,
    totalBytes: bytesMax,
    usableBytes: bytesMax - bytesUsed,
  };
  const known = topics.filter(({ partitions }) => partitions.length > 0);
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, results: [{ ...folder, topics: known }] };
}
