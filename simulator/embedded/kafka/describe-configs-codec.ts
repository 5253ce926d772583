/** DescribeConfigs (32), the broker's side: stock admin clients read settings with it, our own client does not. */
import type { Reader } from "../../clients/kafka/wire/reader.ts";
import type { Writer } from "../../clients/kafka/wire/writer.ts";

export const DESCRIBE_CONFIGS = { key: 32, minVersion: 0, maxVersion: 2 } as const;

export const RESOURCE_TYPE = { topic: 2, broker: 4 } as const;
/** Where a value comes from. */
export const CONFIG_SOURCE = { topic: 1, staticBroker: 4, default: 5 } as const;

export interface DescribeConfigsRequest {
  readonly resources: readonly {
    readonly type: number;
    readonly name: string;
    /** Null: all. */
    readonly configNames: readonly string[] | null;
  }[];
}

export interface DescribedConfig {
  readonly name: string;
  readonly value: string;
  readonly readOnly: boolean;
  readonly source: number;
}

export interface DescribeConfigsResponse {
  readonly results: readonly {
    readonly errorCode: number;
    readonly errorMessage: string | null;
    readonly type: number;
    readonly name: string;
    readonly configs: readonly DescribedConfig[];
  }[];
}

/**
 * DescribeConfigs Request v0-2 => [type:int8 name:string nullable [config_name:string]] (v1+ include_synonyms:boolean)
 */
export function decodeDescribeConfigs(r: Reader, version: number): DescribeConfigsRequest {
  const resources = r.array(() => ({
    type: r.int8(),
    name: r.string(),
    configNames: r.nullableArray(() => r.string()),
  }));
  if (version >= 1) r.boolean();
  return { resources };
}

/**
 * DescribeConfigs Response v0-2 => throttle_time_ms:int32 [result]
 *   result => error_code:int16 error_message:nullable_string type:int8 name:string [config]
 *   config => name:string value:nullable_string read_only:boolean (v0 is_default:boolean) (v1+ source:int8)
 *             is_sensitive:boolean (v1+ [synonym])
 */
export function encodeDescribeConfigs(w: Writer, version: number, response: DescribeConfigsResponse): void {
  w.int32(0);
  w.array(response.results, (result) => {
    w.int16(result.errorCode);
    w.nullableString(result.errorMessage);
    w.int8(result.type);
    w.string(result.name);
    w.array(result.configs, (config) => {
      w.string(config.name);
      w.nullableString(config.value);
      w.boolean(config.readOnly);
      if (version === 0) w.boolean(config.source === CONFIG_SOURCE.default);
      else w.int8(config.source);
      w.boolean(false);
      // Synonyms: no setting here has a second name.
      if (version >= 1) w.int32(0);
    });
  });
}
