/** ACLs, SCRAM users, quotas: there are none, as every client on this machine may do everything. Said as Kafka says it. */
import type {
  CreateAclsResponse,
  DeleteAclsResponse,
  DescribeAclsResponse,
} from "../../../clients/kafka/wire/apis/acls.ts";
import type { DescribeClientQuotasResponse } from "../../../clients/kafka/wire/apis/describe-client-quotas.ts";
import type {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from "../../../clients/kafka/wire/apis/describe-user-scram-credentials.ts";
import { ErrorCode } from "../../../clients/kafka/wire/error-codes.ts";
import type { BrokerState } from "../broker-state.ts";

const NO_AUTHORIZER = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: "No Authorizer is configured on the broker",
};

export function answerDescribeAcls(): DescribeAclsResponse {
  return { throttleTimeMs: 0, ...NO_AUTHORIZER, resources: [] };
}

export function answerCreateAcls(
  _: BrokerState,
  request: { readonly creations: readonly unknown[] },
): CreateAclsResponse {
  return { throttleTimeMs: 0, results: request.creations.map(() => NO_AUTHORIZER) };
}

export function answerDeleteAcls(
  _: BrokerState,
  request: { readonly filters: readonly unknown[] },
): DeleteAclsResponse {
  return { throttleTimeMs: 0, results: request.filters.map(() => ({ ...NO_AUTHORIZER, matching: [] })) };
}

export function answerDescribeUserScramCredentials(
  _: BrokerState,
  request: DescribeUserScramCredentialsRequest,
): DescribeUserScramCredentialsResponse {
  const results = (request.users ?? []).map((user) => ({
    user,
    errorCode: ErrorCode.RESOURCE_NOT_FOUND,
    errorMessage: `no user ${user} has a password here`,
    credentials: [],
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, results };
}

export function answerDescribeClientQuotas(): DescribeClientQuotasResponse {
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, entries: [] };
}
