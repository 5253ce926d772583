/** AlterConfigs (33) sets all settings of a resource anew; IncrementalAlterConfigs (44) changes single ones. */
import {
  array,
  boolean,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableString,
  string,
  struct,
} from "../schema.ts";

export const CONFIG_OPERATION = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export interface AlterConfigsRequest {
  readonly resources: readonly {
    readonly type: number;
    readonly name: string;
    readonly configs: readonly { readonly name: string; readonly value: string | null }[];
  }[];
  readonly validateOnly: boolean;
}

export interface IncrementalAlterConfigsRequest {
  readonly resources: readonly {
    readonly type: number;
    readonly name: string;
    readonly configs: readonly ConfigChange[];
  }[];
  readonly validateOnly: boolean;
}

export interface ConfigChange {
  readonly name: string;
  /** One of CONFIG_OPERATION. */
  readonly operation: number;
  readonly value: string | null;
}

export interface AlterConfigsResponse {
  readonly throttleTimeMs: number;
  readonly responses: readonly AlteredResource[];
}

export interface AlteredResource {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly type: number;
  readonly name: string;
}

const alterRequest: Field<AlterConfigsRequest> = struct({
  resources: array(
    struct({ type: int8, name: string, configs: array(struct({ name: string, value: nullableString })) }),
  ),
  validateOnly: boolean,
});

const incrementalRequest: Field<IncrementalAlterConfigsRequest> = struct({
  resources: array(
    struct({
      type: int8,
      name: string,
      configs: array(struct<ConfigChange>({ name: string, operation: int8, value: nullableString })),
    }),
  ),
  validateOnly: boolean,
});

const response: Field<AlterConfigsResponse> = struct({
  throttleTimeMs: int32,
  responses: array(
    struct<AlteredResource>({ errorCode: int16, errorMessage: nullableString, type: int8, name: string }),
  ),
});

export const alterConfigsApi = defineApi({
  key: 33,
  name: "AlterConfigs",
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  request: alterRequest,
  response,
});

export const incrementalAlterConfigsApi = defineApi({
  key: 44,
  name: "IncrementalAlterConfigs",
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 1,
  request: incrementalRequest,
  response,
});
