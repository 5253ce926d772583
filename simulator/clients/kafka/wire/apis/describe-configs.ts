/** DescribeConfigs (32): the settings of topics and brokers. Admin clients ask for them. */
import {
  array,
  boolean,
  converted,
  defineApi,
  type Field,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  reshaped,
  since,
  string,
  struct,
} from "../schema.ts";

export const RESOURCE_TYPE = { topic: 2, broker: 4 } as const;
/** What a value is, from v3 on. */
export const CONFIG_TYPE = { boolean: 1, string: 2, int: 3, long: 5, list: 7 } as const;
/** Where a value comes from. */
export const CONFIG_SOURCE = { topic: 1, staticBroker: 4, default: 5 } as const;

export interface DescribeConfigsRequest {
  readonly resources: readonly {
    readonly type: number;
    readonly name: string;
    /** Null: all. */
    readonly configNames: readonly string[] | null;
  }[];
  readonly includeSynonyms: boolean;
  readonly includeDocumentation: boolean;
}

export interface DescribeConfigsResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly DescribedResource[];
}

export interface DescribedResource {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly type: number;
  readonly name: string;
  readonly configs: readonly DescribedConfig[];
}

export interface DescribedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly source: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
  /** One of CONFIG_TYPE, from v3 on; 0: not known. */
  readonly type: number;
  readonly documentation: string | null;
}

const request: Field<DescribeConfigsRequest> = struct({
  resources: array(struct({ type: int8, name: string, configNames: nullableArray(string) })),
  includeSynonyms: since(1, boolean, false),
  includeDocumentation: since(3, boolean, false),
});

/** Version 0 says only whether it is the default. */
const source: Field<number> = reshaped(
  1,
  converted(
    boolean,
    (isDefault): number => (isDefault ? CONFIG_SOURCE.default : CONFIG_SOURCE.topic),
    (value) => value === CONFIG_SOURCE.default,
  ),
  int8,
);

const response: Field<DescribeConfigsResponse> = struct({
  throttleTimeMs: int32,
  results: array(
    struct({
      errorCode: int16,
      errorMessage: nullableString,
      type: int8,
      name: string,
      configs: array(
        struct<DescribedConfig>({
          name: string,
          value: nullableString,
          readOnly: boolean,
          source,
          isSensitive: boolean,
          synonyms: since(1, array(struct({ name: string, value: nullableString, source: int8 })), []),
          type: since(3, int8, 0),
          documentation: since(3, nullableString, null),
        }),
      ),
    }),
  ),
});

export const describeConfigsApi = defineApi({
  key: 32,
  name: "DescribeConfigs",
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 4,
  request,
  response,
});
