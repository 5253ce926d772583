/** FindCoordinator (10): which broker keeps a group's positions, or a transactional id's transaction. */
import {
  array,
  converted,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableString,
  reshaped,
  since,
  string,
  struct,
} from "../schema.ts";

export interface FindCoordinatorRequest {
  /** 0 a group, 1 a transactional id. Version 0 has only groups. */
  readonly keyType: number;
  /** Below version 4 exactly one. */
  readonly keys: readonly string[];
}

export interface FindCoordinatorResponse {
  readonly throttleTimeMs: number;
  /** One per key. Below version 4 the answer does not name it: it is read as "". */
  readonly coordinators: readonly Coordinator[];
}

export interface Coordinator {
  readonly key: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** One key: `key:string (v1+ key_type:int8)`. From v4 on many: `key_type:int8 [key:string]`. */
const request: Field<FindCoordinatorRequest> = reshaped(
  4,
  converted(
    struct({ key: string, keyType: since(1, int8, 0) }),
    ({ key, keyType }) => ({ keyType, keys: [key] }),
    ({ keyType, keys }) => ({ key: keys[0] ?? "", keyType }),
  ),
  struct({ keyType: int8, keys: array(string) }),
);

const NO_COORDINATOR = { errorCode: 0, errorMessage: null, nodeId: -1, host: "", port: -1 };

const response: Field<FindCoordinatorResponse> = reshaped(
  4,
  converted(
    struct({
      throttleTimeMs: since(1, int32, 0),
      errorCode: int16,
      errorMessage: since(1, nullableString, null),
      nodeId: int32,
      host: string,
      port: int32,
    }),
    ({ throttleTimeMs, ...coordinator }) => ({ throttleTimeMs, coordinators: [{ key: "", ...coordinator }] }),
    ({ throttleTimeMs, coordinators }) => ({ throttleTimeMs, ...(coordinators[0] ?? NO_COORDINATOR) }),
  ),
  struct({
    throttleTimeMs: int32,
    coordinators: array(
      struct({ key: string, nodeId: int32, host: string, port: int32, errorCode: int16, errorMessage: nullableString }),
    ),
  }),
);

export const findCoordinatorApi = defineApi({
  key: 10,
  name: "FindCoordinator",
  minVersion: 0,
  maxVersion: 6,
  flexibleFrom: 3,
  request,
  response,
});
