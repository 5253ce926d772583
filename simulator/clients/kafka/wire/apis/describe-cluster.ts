/** DescribeCluster (60): the cluster's id, its controller and its brokers. */
import {
  afterUnused,
  array,
  beforeUnused,
  boolean,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from "../schema.ts";
import { OPERATIONS_NOT_LISTED } from "./describe-groups.ts";

export const ENDPOINT_TYPE = { broker: 1, controller: 2 } as const;

export interface DescribeClusterRequest {
  /** From v1 on. */
  readonly endpointType: number;
}

export interface DescribeClusterResponse {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly endpointType: number;
  readonly clusterId: string;
  readonly controllerId: number;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
    /** From v2 on. */
    readonly isFenced: boolean;
  }[];
}

const endpointType: Field<number> = since(1, int8, ENDPOINT_TYPE.broker);

/** Nobody here asks for operations (there is no authoriser) or for fenced brokers (there is one broker). */
const request: Field<DescribeClusterRequest> = struct({
  endpointType: afterUnused(boolean, false, beforeUnused(endpointType, since(2, boolean, false), false)),
});

const response: Field<DescribeClusterResponse> = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  endpointType,
  clusterId: string,
  controllerId: int32,
  brokers: beforeUnused(
    array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: nullableString,
        isFenced: since(2, boolean, false),
      }),
    ),
    int32,
    OPERATIONS_NOT_LISTED,
  ),
});

export const describeClusterApi = defineApi({
  key: 60,
  name: "DescribeCluster",
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 0,
  request,
  response,
});
