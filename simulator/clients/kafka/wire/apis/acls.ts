/** DescribeAcls (29), CreateAcls (30), DeleteAcls (31): who may do what. */
import {
  array,
  defineApi,
  emptyArray,
  type Field,
  int8,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from "../schema.ts";

/** The only kind of resource name before v1. */
const LITERAL = 3;

/** What an entry must be like to be found: null and 1 stand for any. */
export interface AclFilter {
  readonly resourceType: number;
  readonly resourceName: string | null;
  readonly patternType: number;
  readonly principal: string | null;
  readonly host: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

export interface Acl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

interface Failure {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Answers are those of a broker that keeps no entries: nothing is ever in these lists. */
export interface DescribeAclsResponse extends Failure {
  readonly throttleTimeMs: number;
  readonly resources: readonly never[];
}

export interface CreateAclsResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly Failure[];
}

export interface DeleteAclsResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly (Failure & { readonly matching: readonly never[] })[];
}

const filter: Field<AclFilter> = struct({
  resourceType: int8,
  resourceName: nullableString,
  patternType: since(1, int8, LITERAL),
  principal: nullableString,
  host: nullableString,
  operation: int8,
  permissionType: int8,
});

const acl: Field<Acl> = struct({
  resourceType: int8,
  resourceName: string,
  patternType: since(1, int8, LITERAL),
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
});

export const describeAclsApi = defineApi({
  key: 29,
  name: "DescribeAcls",
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  request: filter,
  response: struct<DescribeAclsResponse>({
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    resources: emptyArray,
  }),
});

export const createAclsApi = defineApi({
  key: 30,
  name: "CreateAcls",
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  request: struct({ creations: array(acl) }),
  response: struct<CreateAclsResponse>({
    throttleTimeMs: int32,
    results: array(struct({ errorCode: int16, errorMessage: nullableString })),
  }),
});

export const deleteAclsApi = defineApi({
  key: 31,
  name: "DeleteAcls",
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  request: struct({ filters: array(filter) }),
  response: struct<DeleteAclsResponse>({
    throttleTimeMs: int32,
    results: array(struct({ errorCode: int16, errorMessage: nullableString, matching: emptyArray })),
  }),
});
